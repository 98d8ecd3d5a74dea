using System.IO.Compression;
using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.Attacks;

/// <summary>Callers who want more of the server behind than the gateway decided. Each test states the attack and the claim.</summary>
public sealed class ThroughTheGateway(RecordedUpstream site) : IClassFixture<RecordedUpstream>
{
    private static readonly string[] s_allowed = ["Host", "Authorization", "User-Agent", "Accept", "Pragma", "Git-Protocol", "Content-Type", "Content-Length", "Transfer-Encoding", "Expect"];

    [Fact]
    public async Task Headers_of_the_client_do_not_reach_the_upstream()
    {
        // Attack: headers that servers behind proxies believe, cookies, another credential. Claim: what goes up is made anew, from an allow-list.
        await RawHttp.SendAsync(site.Server.Uri, "GET /near/acme/app.git/info/refs?service=git-upload-pack HTTP/1.1",
        [
            Bearer, "Cookie: session=mallory", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-User: admin", "X-Real-IP: 10.0.0.1", "Forwarded: for=10.0.0.1", "X-Original-URL: /acme/renamed.git",
            "X-HTTP-Method-Override: DELETE", "Proxy-Authorization: Basic bWFsbG9yeQ==", "Accept-Encoding: gzip", "Range: bytes=0-1", "If-None-Match: x", "Referer: http://evil/", "Origin: http://evil", "traceparent: 00-0-0-00",
            "User-Agent: mallory", "Git-Protocol: version=2",
        ]);
        var git = site.NewGit().WithPassword(site.Token);
        await git.OutputAsync(site.NewFolder(), "clone", "--quiet", $"{site.Server.Url}/near/acme/app.git", ".");

        Assert.NotEmpty(site.Near.Requests);
        foreach (var request in site.Near.Requests)
        {
            Assert.All(request.Headers, header => Assert.Contains(header.Name, s_allowed));
            Assert.Equal(new Uri(site.Near.Url).Authority, request.Header("Host"));
            Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"x-access-token:{RecordedUpstream.Secret}")), request.Header("Authorization"));
            Assert.DoesNotContain("mallory", request.Head);
            Assert.DoesNotContain(site.Token, request.Head + Encoding.Latin1.GetString(request.Body));
        }
    }

    [Fact]
    public async Task Each_upstream_sees_its_own_credential_alone()
    {
        // Attack: one gateway, several servers behind, one caller. Claim: no server ever sees what another one is shown.
        var git = site.NewGit().WithPassword(site.Token);
        foreach (var upstream in (string[])["near", "other", "near", "other"])
        {
            await git.OutputAsync(site.NewFolder(), "ls-remote", $"{site.Server.Url}/{upstream}/acme/app.git");
        }

        Assert.All(site.Other.Requests, request => Assert.Equal($"Bearer {RecordedUpstream.OtherSecret}", request.Header("Authorization")));
        Assert.All(site.Near.Requests, request => Assert.DoesNotContain(RecordedUpstream.OtherSecret, request.Head));
    }

    [Theory]
    [InlineData("/near/acme/app%0d%0aX-Evil:%201.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/acme/app%00.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/acme/app%20HTTP/1.1.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/../other/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/%2e%2e/other/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/..%2fother/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/acme/app.git/../../acme/renamed.git/info/refs?service=git-upload-pack")]
    [InlineData("/near//evil.example/app.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/@evil.example/app.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/mallory:pw@evil.example/app.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/acme\\evil/app.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/acme/app.git;x/info/refs?service=git-upload-pack")]
    [InlineData("/near/acme/app%3fx=.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/acme/app%23.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/acme/app.git/info/refs?service=git-upload-pack&service=git-receive-pack")]
    [InlineData("/near/acme/app.git/info/refs?service=git%2dreceive%2dpack")]
    [InlineData("/near/acme/app.git/info/refs?service=git-upload-pack#@evil.example")]
    [InlineData("http://evil.example/near/acme/app.git/info/refs?service=git-upload-pack")]
    [InlineData("/near/acme/app.git/HEAD")]
    [InlineData("/near/acme/app.git/objects/info/packs")]
    public async Task Names_can_not_lead_the_gateway_elsewhere(string target)
    {
        // Attack: header injection, another host, another path, another query through the name of a repository. Claim: refused here; nothing goes up.
        var answer = await RawHttp.SendAsync(site.Server.Uri, $"GET {target} HTTP/1.1", [Bearer]);
        Assert.InRange(answer?.Status ?? 400, 400, 405);
        Assert.DoesNotContain(site.Near.Requests, request => request.Head.Contains("evil", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(site.Near.Requests, request => request.Target.Contains('%') || request.Target.Contains("..", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 4")]
    [InlineData("Content-Length: 4\r\nContent-Length: 90")]
    [InlineData("Content-Length: 4, 90")]
    [InlineData("Content-Length: +4")]
    [InlineData("Transfer-Encoding: xchunked")]
    [InlineData("Transfer-Encoding: chunked, identity")]
    [InlineData("Transfer-Encoding : chunked")]
    [InlineData("Transfer-Encoding:\u000bchunked")]
    public async Task Body_with_two_lengths_is_one_request_or_none(string lengths)
    {
        // Attack: request smuggling; the gateway takes one length and the upstream the other, so that a second request, never judged, goes up. Claim: no such request arrives.
        var smuggled = "GET /acme/smuggled.git/info/refs?service=git-receive-pack HTTP/1.1\r\nHost: x\r\n\r\n";
        var request = $"POST /near/acme/app.git/git-upload-pack HTTP/1.1\r\nHost: {site.Server.Uri.Authority}\r\n{Bearer}\r\nContent-Type: application/x-git-upload-pack-request\r\n"
            + $"Connection: close\r\n{lengths}\r\n\r\n0000\r\n0\r\n\r\n{smuggled}";
        var answer = await RawHttp.SendBytesAsync(site.Server.Uri, Encoding.Latin1.GetBytes(request));
        Assert.DoesNotContain(site.Near.Requests, arrived => arrived.Head.Contains("smuggled", StringComparison.Ordinal) || Encoding.Latin1.GetString(arrived.Body).Contains("smuggled", StringComparison.Ordinal));
        Assert.DoesNotContain("smuggled", answer?.Text ?? "");
    }

    [Fact]
    public async Task Compressed_body_goes_up_as_what_it_means_and_within_bounds()
    {
        // Attack: a body that says one thing compressed and is passed on as another; and one that grows without end. Claim: what goes up is plain, and a bomb is stopped.
        var plain = "0000"u8.ToArray();
        await PostAsync(Gzip(plain));
        var arrived = Assert.Single(site.Near.Requests, request => request is { Method: "POST", Path: "/acme/packed.git/git-upload-pack" });
        Assert.Null(arrived.Header("Content-Encoding"));
        Assert.Equal(plain, arrived.Body);

        var bomb = new MemoryStream();
        await using (var zip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (var i = 0; i < 80; i++)
            {
                await zip.WriteAsync(new byte[1 << 20]);
            }
        }

        var answer = await PostAsync(bomb.ToArray());
        Assert.NotEqual(200, answer?.Status ?? 400);
        Assert.All(site.Near.Requests, request => Assert.True(request.Body.Length <= 64 << 20));

        Task<RawResponse?> PostAsync(byte[] body) => RawHttp.SendAsync(
            site.Server.Uri, "POST /near/acme/packed.git/git-upload-pack HTTP/1.1", [Bearer, "Content-Type: application/x-git-upload-pack-request", "Content-Encoding: gzip"], body);
    }

    [Fact]
    public async Task Push_options_do_not_reach_the_upstream()
    {
        // Attack: `git push -o repo.private=false`, `-o merge_request.merge_when_pipeline_succeeds`: the server behind does it with the gateway's credential. Claim: refused, and said.
        var (git, work) = await WorkAsync();
        var refused = (await git.RunAsync(work, "push", "-o", "repo.private=false", "origin", "HEAD:refs/heads/with-options")).ShouldFail();
        Assert.Contains("push options are not passed on to the server behind: push without -o", refused.Error);
        (await git.RunAsync(work, "push", "origin", "HEAD:refs/heads/without-options")).ShouldSucceed();
        Assert.DoesNotContain(site.Near.Requests, request => Encoding.Latin1.GetString(request.Body).Contains("repo.private", StringComparison.Ordinal));
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "reason", "push_options_refused"), "the push with options");
    }

    [Fact]
    public async Task Rule_holds_for_every_spelling_of_a_name()
    {
        // Attack: the server behind takes acme/APP for acme/app, and the rule names acme/app. Claim: the rule holds all the same.
        var (git, work) = await WorkAsync();
        foreach (var name in (string[])["near/acme/app", "near/acme/APP"])
        {
            var refused = (await git.RunAsync(work, "push", $"{site.Server.Url}/{name}.git", ":refs/heads/main")).ShouldFail();
            Assert.Contains("delete is forbidden here by a rule", refused.Error);
        }
    }

    [Fact]
    public async Task Renamed_repository_does_not_answer_to_its_old_name()
    {
        // Attack: a token for a name that was given up, after the repository moved to one that the token does not name. Claim: the redirect is not followed, though it stays at the same server, and the new name is not told.
        var token = await site.Server.TokenAsync("mallory", "git:near/acme/given-up:pull");
        var git = site.NewGit().WithPassword(token);
        var refused = (await git.RunAsync(site.NewFolder(), "ls-remote", $"{site.Server.Url}/near/acme/given-up.git")).ShouldFail();
        Assert.Contains("the repository may have a new name", refused.Error);
        Assert.DoesNotContain("closed.git", refused.Error);
        Assert.DoesNotContain(site.Near.Requests, request => request.Target.Contains("closed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Renamed_repository_is_found_by_who_may_know_its_new_name_and_judged_by_that()
    {
        // Attack: a rule and a restricted view for the new name, and a caller who comes by the old one. Claim: everything is decided and recorded about the new one.
        var token = await site.Server.TokenAsync("bob", "git:near/acme/former:pull,push,force,delete", "git:near/acme/renamed:pull,push,force,delete");
        var git = site.NewGit().WithPassword(token);
        var work = site.NewFolder();
        var former = $"{site.Server.Url}/near/acme/former.git";
        await git.OutputAsync(work, "clone", "--quiet", former, ".");
        var refused = (await git.RunAsync(work, "push", former, ":refs/heads/main")).ShouldFail();
        Assert.Contains("delete is forbidden here by a rule", refused.Error);
        await Site.CommitAsync(git, work, "renamed.txt", "renamed\n");
        (await git.RunAsync(work, "push", former, "HEAD:refs/heads/by-its-former-name")).ShouldSucceed();
        var restricted = site.NewGit().WithPassword(await site.Server.TokenAsync("bob", "git:near/acme/former:pull", "git:near/acme/renamed@refs/heads/main:pull"));
        Assert.DoesNotContain("by-its-former-name", await restricted.OutputAsync(work, "ls-remote", former));
        (await restricted.RunAsync(work, "push", former, "HEAD:refs/heads/another")).ShouldFail();

        Assert.DoesNotContain(site.Near.Requests, request => request is { Method: "POST" } && request.Target.Contains("former", StringComparison.Ordinal));
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", "near/acme/renamed") && AuditTrail.Is(line, "operation", "fetch") && AuditTrail.Is(line, "outcome", "allowed"), "the clone");
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", "near/acme/renamed") && AuditTrail.Is(line, "operation", "push") && AuditTrail.Is(line, "outcome", "allowed"), "the push");
    }

    [Fact]
    public async Task Repository_that_is_spelled_otherwise_there_is_used_where_it_is()
    {
        var url = $"{site.Server.Url}/near/acme/moved.git";
        foreach (var permissions in (string[][])[["git:near/acme/moved:pull,push,force,delete"], ["git:near/acme/moved@refs/heads/main:pull", "git:near/acme/moved@refs/heads/*:push"]])
        {
            var git = site.NewGit().WithPassword(await site.Server.TokenAsync("carol", permissions));
            var work = site.NewFolder();
            (await git.RunAsync(work, "clone", "--quiet", url, ".")).ShouldSucceed();
            var commit = await Site.CommitAsync(git, work, "moved.txt", $"{Guid.NewGuid()}\n");
            (await git.RunAsync(work, "push", "--quiet", url, "HEAD:refs/heads/main")).ShouldSucceed();
            (await git.RunAsync(work, "fetch", "--quiet", url, "main")).ShouldSucceed();
            Assert.Equal(commit, await git.OutputAsync(work, "rev-parse", "FETCH_HEAD"));
        }

        Assert.DoesNotContain(site.Near.Requests, request => request is { Method: "POST" } && request.Target.StartsWith("/acme/moved.git/", StringComparison.Ordinal));
    }

    private string Bearer => $"Authorization: Bearer {site.Token}";

    private static byte[] Gzip(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zip.Write(plain);
        }

        return packed.ToArray();
    }

    private async Task<(Git Git, string Work)> WorkAsync()
    {
        var git = site.NewGit().WithPassword(site.Token);
        var work = site.NewFolder();
        await git.OutputAsync(work, "clone", "--quiet", $"{site.Server.Url}/near/acme/app.git", ".");
        await Site.CommitAsync(git, work, "new.txt", $"{Guid.NewGuid()}\n");
        return (git, work);
    }
}
