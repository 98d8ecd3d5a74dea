using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.Proxies;

/// <summary>Upstreams behind a real forward proxy: absolute requests for those over HTTP, a tunnel for those over TLS, and who must mend what where the proxy is the trouble.</summary>
public sealed class ThroughAProxy(ForwardProxySite site) : IClassFixture<ForwardProxySite>
{
    private const string Missing = "The Debian package tinyproxy-bin is needed.";

    [Theory]
    [InlineData("plain", false)]
    [InlineData("tls", false)]
    [InlineData("plain", true)]
    [InlineData("tls", true)]
    public async Task Git_pushes_and_clones(string kind, bool hasPassword)
    {
        Assert.SkipUnless(File.Exists(Tinyproxy.Program), Missing);
        var upstream = kind == "tls" ? site.Tls : site.Plain;
        var proxy = hasPassword ? site.Locked : site.Proxy;
        var repository = hasPassword ? "locked" : "app";
        var git = site.NewGit().WithPassword(await site.Server.TokenAsync("alice", "git:*:pull,push"));
        var url = $"{site.Server.Url}/{(hasPassword ? $"locked-{kind}" : kind)}/{repository}.git";
        var work = site.NewFolder();
        await git.OutputAsync(work, "init", "--quiet", ".");
        var bytes = new byte[3_000_000];
        new Random(7).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(work, "large.bin"), bytes);
        await git.OutputAsync(work, "add", ".");
        await git.OutputAsync(work, "commit", "--quiet", "-m", "first");

        // As large as git sends in chunks, of which nobody on the way knows the length.
        (await git.RunAsync(work, "push", "--quiet", url, "HEAD:refs/heads/main")).ShouldSucceed();
        (await git.RunAsync(site.NewFolder(), "clone", "--quiet", url, "clone")).ShouldSucceed();
        await Site.CommitAsync(git, work, "second.txt", "second\n");
        (await git.RunAsync(work, "push", "--quiet", url, "HEAD:refs/heads/main")).ShouldSucceed();

        Assert.Equal(
            await git.OutputAsync(work, "rev-parse", "HEAD"), await git.OutputAsync(upstream.RepositoryFolder($"acme/{repository}"), "rev-parse", "refs/heads/main"));
        var requests = await proxy.RequestsAsync();
        if (kind == "tls")
        {
            Assert.Contains($"CONNECT 127.0.0.1:{upstream.Uri.Port} HTTP/1.1", requests);
            Assert.DoesNotContain(requests, request => request.Contains(upstream.Url, StringComparison.Ordinal));
        }
        else
        {
            Assert.Contains($"GET {upstream.Url}/acme/{repository}.git/info/refs?service=git-receive-pack HTTP/1.1", requests);
            Assert.Contains($"POST {upstream.Url}/acme/{repository}.git/git-receive-pack HTTP/1.1", requests);
            Assert.Contains($"POST {upstream.Url}/acme/{repository}.git/git-upload-pack HTTP/1.1", requests);
        }

        // Nobody went around it, and nothing that opens anything stands in its log.
        Assert.All(upstream.Audit.Read().Where(line => AuditTrail.Is(line, "event", "request")), line => Assert.Equal("gateway", AuditTrail.Text(line, "subject")));
        var log = await proxy.LogAsync();
        Assert.All(site.Secrets, secret => Assert.DoesNotContain(secret, log));
    }

    [Fact]
    public async Task Password_of_the_proxy_counts_as_it_stands_in_its_file()
    {
        Assert.SkipUnless(File.Exists(Tinyproxy.Program), Missing);
        var token = await site.Server.TokenAsync("alice", "git:*:pull,push");
        Task<RawResponse?> AskAsync() => RawHttp.SendAsync(site.Server.Uri, "GET /locked-plain/app.git/info/refs?service=git-upload-pack HTTP/1.1", [$"Authorization: Bearer {token}"]);
        Assert.Equal(200, (await AskAsync())!.Status);
        try
        {
            await File.WriteAllTextAsync(site.PasswordFile, "another");
            var refused = await AskAsync();
            Assert.Equal(502, refused!.Status);
            Assert.Contains("must renew 'credential' or 'proxyCredential' of this upstream", refused.Text);
            File.Delete(site.PasswordFile);
            Assert.Equal(502, (await AskAsync())!.Status);
        }
        finally
        {
            await File.WriteAllTextAsync(site.PasswordFile, ForwardProxySite.Password);
        }

        Assert.Equal(200, (await AskAsync())!.Status);
    }

    [Theory]
    [InlineData("down-plain", 502, "upstream_unreachable", "can't be reached through the proxy")]
    [InlineData("down-tls", 502, "upstream_unreachable", "can't be reached through the proxy")]
    [InlineData("strict-plain", 502, "upstream_unreachable", "can't be reached through the proxy")]
    [InlineData("strict-tls", 502, "upstream_unreachable", "can't be reached through the proxy")]
    [InlineData("silent-plain", 504, "upstream_timed_out", "did not answer in time")]
    [InlineData("silent-tls", 504, "upstream_timed_out", "did not answer in time")]
    public async Task Proxy_that_does_not_let_through_is_named_to_who_must_mend_it(string peer, int status, string code, string text)
    {
        Assert.SkipUnless(File.Exists(Tinyproxy.Program), Missing);
        var token = await site.Server.TokenAsync("alice", "git:*:pull,push");
        foreach (var service in (string[])["git-upload-pack", "git-receive-pack"])
        {
            var answer = await RawHttp.SendAsync(site.Server.Uri, $"GET /{peer}/app.git/info/refs?service={service} HTTP/1.1", [$"Authorization: Bearer {token}"]);

            Assert.Equal(status, answer!.Status);
            Assert.StartsWith("text/plain", answer.Header("Content-Type"));
            Assert.Contains(text, answer.Text);
            Assert.DoesNotContain("tinyproxy", answer.Text + answer.Head, StringComparison.OrdinalIgnoreCase);
            Assert.Null(answer.Header("Proxy-Authenticate"));
        }

        var git = site.NewGit().WithPassword(token);
        Assert.Contains(text, (await git.RunAsync(site.NewFolder(), "clone", $"{site.Server.Url}/{peer}/app.git", "clone")).ShouldFail().Error);
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", $"{peer}/app") && AuditTrail.Is(line, "reason", code) && AuditTrail.Is(line, "status", $"{status}"), code);
        Assert.All(site.Secrets, secret => Assert.DoesNotContain(secret, site.Server.Log));
    }
}
