using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.Proxies;

/// <summary>Upstreams behind a real forward proxy: absolute requests for those over HTTP, a tunnel for those over TLS, and who must mend what where the proxy is the trouble.</summary>
public sealed class ThroughAProxy(ForwardProxySite site) : IClassFixture<ForwardProxySite>
{
    private const string Missing = "The Debian package tinyproxy-bin is needed.";

    [Theory]
    [InlineData("plain")]
    [InlineData("tls")]
    public async Task Git_pushes_and_clones(string kind)
    {
        Assert.SkipUnless(File.Exists(Tinyproxy.Program), Missing);
        var upstream = kind == "tls" ? site.Tls : site.Plain;
        var git = site.NewGit().WithPassword(await site.Server.TokenAsync("alice", "git:*:pull,push"));
        var url = $"{site.Server.Url}/{kind}/app.git";
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
            await git.OutputAsync(work, "rev-parse", "HEAD"), await git.OutputAsync(upstream.RepositoryFolder("acme/app"), "rev-parse", "refs/heads/main"));
        var requests = await site.Proxy.RequestsAsync();
        if (kind == "tls")
        {
            Assert.Contains($"CONNECT 127.0.0.1:{upstream.Uri.Port} HTTP/1.1", requests);
            Assert.DoesNotContain(requests, request => request.Contains(upstream.Url, StringComparison.Ordinal));
        }
        else
        {
            Assert.Contains($"GET {upstream.Url}/acme/app.git/info/refs?service=git-receive-pack HTTP/1.1", requests);
            Assert.Contains($"POST {upstream.Url}/acme/app.git/git-receive-pack HTTP/1.1", requests);
            Assert.Contains($"POST {upstream.Url}/acme/app.git/git-upload-pack HTTP/1.1", requests);
        }

        // Nobody went around it, and nothing that opens anything stands in its log.
        Assert.All(upstream.Audit.Read().Where(line => AuditTrail.Is(line, "event", "request")), line => Assert.Equal("gateway", AuditTrail.Text(line, "subject")));
        var log = await site.Proxy.LogAsync();
        Assert.All(site.Secrets, secret => Assert.DoesNotContain(secret, log));
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
