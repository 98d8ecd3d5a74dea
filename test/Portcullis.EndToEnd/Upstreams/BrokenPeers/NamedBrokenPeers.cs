using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.BrokenPeers;

/// <summary>Whatever the server behind does: the client hears who must mend what, the audit says who failed and when, and nothing of either side reaches the other.</summary>
public sealed class NamedBrokenPeers(BrokenPeersSite site) : IClassFixture<BrokenPeersSite>
{
    private static readonly string[] s_upstreamsOwn =
        ["upstream-words", "upstream-cookie", "/srv/secret/path", BrokenPeersSite.Secret, Convert.ToBase64String("x-access-token:upstream-credential-0123456789"u8)];

    [Theory]
    [InlineData("down", 502, "upstream_unreachable", "can't be reached")]
    [InlineData("slow", 504, "upstream_timed_out", "did not answer in time")]
    [InlineData("closes", 502, "upstream_disconnected", "closed the connection before it answered")]
    [InlineData("no-http", 502, "upstream_not_git", "not as a Git server does")]
    [InlineData("endless-head", 502, "upstream_not_git", "not as a Git server does")]
    [InlineData("endless-interim", 502, "upstream_not_git", "not as a Git server does")]
    [InlineData("html", 502, "upstream_not_git", "not as a Git server does")]
    [InlineData("html-as-git", 502, "upstream_malformed", "something that Git's protocol does not know")]
    [InlineData("compressed", 502, "upstream_not_git", "not as a Git server does")]
    [InlineData("rejects", 502, "upstream_credential_rejected", "Your own token is fine: the operator must renew 'credential'")]
    [InlineData("forbids", 502, "upstream_forbidden", "Your own token is fine")]
    [InlineData("busy", 503, "upstream_overloaded", "asks to be left alone")]
    [InlineData("error", 502, "upstream_unexpected_status", "answered with an error")]
    [InlineData("gone", 404, "repository_not_found", "does not exist, or the token")]
    [InlineData("elsewhere", 502, "upstream_redirected_away", "must correct 'url'")]
    [InlineData("elsewhere-by-user", 502, "upstream_redirected_away", "must correct 'url'")]
    [InlineData("elsewhere-by-scheme", 502, "upstream_redirected_away", "must correct 'url'")]
    [InlineData("elsewhere-by-file", 502, "upstream_redirected_away", "must correct 'url'")]
    [InlineData("loop", 502, "upstream_redirected_away", "must correct 'url'")]
    [InlineData("two-lengths", 502, "upstream_not_git", "not as a Git server does")]
    public async Task Discovery_is_answered_with_who_must_mend_what(string peer, int status, string code, string text)
    {
        foreach (var permission in (string[])["git:*:pull", "git:*@refs/heads/main:pull"])
        {
            var answer = await DiscoverAsync(peer, permission);
            Assert.Equal(status, answer.Status);
            Assert.StartsWith("text/plain", answer.Header("Content-Type"));
            Assert.Contains(text, answer.Text);
            AssertOurs(answer);
        }

        var git = site.NewGit().WithPassword(await site.TokenAsync());
        var refused = (await git.RunAsync(site.NewFolder(), "ls-remote", site.UrlOf(peer))).ShouldFail();
        Assert.Contains(text, refused.Error);
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", $"{peer}/app") && AuditTrail.Is(line, "reason", code) && AuditTrail.Is(line, "status", $"{status}"), $"{peer}: {code}");
        AssertNothingInTheLog();
    }

    [Theory]
    [InlineData("malformed", "upstream_malformed")]
    [InlineData("stalls", "upstream_timed_out")]
    [InlineData("promises-more", "upstream_cut_short")]
    [InlineData("bad-chunks", "upstream_cut_short")]
    public async Task What_is_read_here_is_read_to_its_end_before_anything_is_shown(string peer, string code)
    {
        var answer = await DiscoverAsync(peer, "git:*@refs/heads/main:pull");
        Assert.InRange(answer.Status, 502, 504);
        AssertOurs(answer);
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", $"{peer}/app") && AuditTrail.Is(line, "reason", code), $"{peer}: {code}");
    }

    [Theory]
    [InlineData("stalls", "upstream_timed_out")]
    [InlineData("promises-more", "upstream_cut_short")]
    [InlineData("bad-chunks", "upstream_cut_short")]
    public async Task What_was_on_its_way_already_is_cut_and_never_looks_whole(string peer, string code)
    {
        var git = site.NewGit().WithPassword(await site.TokenAsync("git:*:pull"));
        (await git.RunAsync(site.NewFolder(), "ls-remote", site.UrlOf(peer))).ShouldFail();
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", $"{peer}/app") && AuditTrail.Is(line, "reason", code) && AuditTrail.Is(line, "outcome", "failed"), $"{peer}: {code}");
    }

    [Fact]
    public async Task What_only_reads_is_asked_again_where_a_kept_connection_ends_and_a_push_is_not()
    {
        foreach (var permission in (string[])["git:*:pull", "git:*@refs/heads/main:pull"])
        {
            var git = site.NewGit().WithPassword(await site.TokenAsync(permission));
            await git.OutputAsync(site.NewFolder(), "clone", "--quiet", site.UrlOf("closes-kept"), ".");
        }

        var (owner, work) = await WorkAsync("closes-kept");
        await owner.RunAsync(work, "push", site.UrlOf("closes-kept"), "HEAD:refs/heads/new");
        Assert.InRange(site["closes-kept"].Requests.Count(request => request.Path.EndsWith("/git-receive-pack", StringComparison.Ordinal)), 0, 1);
    }

    [Fact]
    public async Task Pack_that_breaks_off_is_no_clone()
    {
        var git = site.NewGit().WithPassword(await site.TokenAsync("git:*:pull"));
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", site.UrlOf("cut-in-pack"), "clone")).ShouldFail();
        Assert.False(Directory.Exists(Path.Combine(work, "clone")));
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "reason", "upstream_cut_short") && AuditTrail.Is(line, "operation", "fetch") && AuditTrail.Is(line, "outcome", "failed"), "the pack that broke off");
    }

    [Fact]
    public async Task Endless_advertisement_is_given_up_and_its_memory_given_back()
    {
        // Attack: refs without end, for a caller whose view must be filtered. Claim: bounded, refused, and the server goes on serving others.
        var answer = await DiscoverAsync("endless", "git:*@refs/heads/main:pull");
        Assert.Equal(502, answer.Status);
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", "endless/app") && AuditTrail.Is(line, "reason", "upstream_malformed"), "the endless advertisement");
        Assert.Equal(200, (await DiscoverAsync("version-0", "git:*:pull")).Status);
    }

    [Fact]
    public async Task Answer_that_is_followed_by_more_is_not_taken_for_the_next()
    {
        // Attack: the upstream sends a second answer that nobody asked for (CL desynchronisation). Claim: the next request is not answered with it.
        for (var i = 0; i < 3; i++)
        {
            var git = site.NewGit().WithPassword(await site.TokenAsync("git:*:pull"));
            var refs = await git.OutputAsync(site.NewFolder(), "ls-remote", site.UrlOf("sends-more"));
            Assert.Contains("refs/heads/main", refs);
        }
    }

    [Fact]
    public async Task Server_that_knows_only_version_0_serves_clients_that_ask_for_2()
    {
        var git = site.NewGit().WithPassword(await site.TokenAsync("git:*:pull")).WithConfig("protocol.version", "2");
        await git.OutputAsync(site.NewFolder(), "clone", "--quiet", site.UrlOf("version-0"), ".");
        var restricted = site.NewGit().WithPassword(await site.TokenAsync("git:*@refs/heads/main:pull")).WithConfig("protocol.version", "2");
        Assert.DoesNotContain("refs/heads/hidden", await restricted.OutputAsync(site.NewFolder(), "ls-remote", site.UrlOf("version-0")));
    }

    [Fact]
    public async Task Headers_and_cookies_of_the_upstream_stay_there()
    {
        // Attack: the upstream sets cookies, challenges and whatever else. Claim: none comes down, and no cookie goes up again.
        for (var i = 0; i < 2; i++)
        {
            AssertOurs(await DiscoverAsync("talkative", "git:*:pull"));
        }

        var git = site.NewGit().WithPassword(await site.TokenAsync());
        await git.OutputAsync(site.NewFolder(), "clone", "--quiet", site.UrlOf("talkative"), ".");
        Assert.All(site["talkative"].Requests, request => Assert.Null(request.Header("Cookie")));
    }

    [Theory]
    [InlineData("wrong-type", "not as a Git server does")]
    [InlineData("malformed-listing", "fatal:")]
    [InlineData("elsewhere-for-result", "sends this server elsewhere")]
    public async Task Failure_after_discovery_reaches_the_client_as_an_error_line(string peer, string text)
    {
        foreach (var permission in (string[])["git:*:pull", "git:*@refs/heads/main:pull"])
        {
            var git = site.NewGit().WithPassword(await site.TokenAsync(permission)).WithConfig("protocol.version", "2");
            var refused = (await git.RunAsync(site.NewFolder(), "ls-remote", site.UrlOf(peer))).ShouldFail();
            Assert.Contains(text, refused.Error);
            Assert.All(s_upstreamsOwn, own => Assert.DoesNotContain(own, refused.Error));
        }

        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", $"{peer}/app") && AuditTrail.Is(line, "outcome", "failed"), peer);
    }

    [Theory]
    [InlineData("push-closes", "upstream_disconnected", "broke off before it answered: fetch, and see whether it was done")]
    [InlineData("push-html", "upstream_not_git", "did not answer as a Git server does")]
    [InlineData("push-error", "upstream_unexpected_status", "did not answer as a Git server does")]
    [InlineData("push-hangs", "upstream_timed_out", "did not answer in time: fetch, and see whether it was done")]
    [InlineData("push-rejects", "upstream_credential_rejected", "does not accept this server's credential")]
    [InlineData("push-no-report", "upstream_cut_short", "broke off: fetch, and see whether it was done")]
    [InlineData("push-malformed", "upstream_malformed", "did not answer as a Git server does")]
    public async Task Push_that_fails_behind_is_reported_for_each_ref(string peer, string code, string reason)
    {
        var (git, work) = await WorkAsync(peer);
        var refused = (await git.RunAsync(work, "push", site.UrlOf(peer), "HEAD:refs/heads/new")).ShouldFail();
        Assert.Contains("! [remote rejected] HEAD -> new", refused.Error);
        Assert.Contains(reason, refused.Error);
        Assert.All(s_upstreamsOwn, own => Assert.DoesNotContain(own, refused.Error));
        var line = Assert.Single(await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", $"{peer}/app") && AuditTrail.Is(line, "operation", "push") && AuditTrail.Is(line, "reason", code), $"{peer}: {code}"));
        Assert.True(AuditTrail.Is(line.GetProperty("refs")[0], "outcome", "failed"));
        AssertNothingInTheLog();
    }

    [Fact]
    public async Task Report_about_other_refs_is_no_success()
    {
        // Attack: an upstream reports success for a ref that was not pushed. Claim: neither the client nor the audit takes the pushed one for done.
        var (git, work) = await WorkAsync("push-other-refs");
        (await git.RunAsync(work, "push", site.UrlOf("push-other-refs"), "HEAD:refs/heads/new")).ShouldFail();
        var line = Assert.Single(await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", "push-other-refs/app") && AuditTrail.Is(line, "operation", "push"), "the push"));
        Assert.True(AuditTrail.Is(line, "outcome", "failed"), line.GetRawText());
        Assert.True(AuditTrail.Is(line.GetProperty("refs")[0], "outcome", "failed"), line.GetRawText());
    }

    [Fact]
    public async Task Nobody_ever_comes_to_where_a_redirect_leads()
    {
        // Attack: the upstream sends the gateway, which carries the credential, to a server of the attacker's. Claim: not even a connection is made there.
        foreach (var peer in (string[])["elsewhere", "elsewhere-by-user", "elsewhere-by-scheme", "elsewhere-for-result"])
        {
            await DiscoverAsync(peer, "git:*:pull");
            var git = site.NewGit().WithPassword(await site.TokenAsync());
            (await git.RunAsync(site.NewFolder(), "clone", site.UrlOf(peer))).ShouldFail();
        }

        Assert.Equal(0, site.Elsewhere.Connections);
    }

    private async Task<(Git Git, string Work)> WorkAsync(string peer)
    {
        var git = site.NewGit().WithPassword(await site.TokenAsync());
        var work = site.NewFolder();
        await git.OutputAsync(work, "clone", "--quiet", site.UrlOf(peer), ".");
        await Site.CommitAsync(git, work, "new.txt", "new\n");
        return (git, work);
    }

    private async Task<RawResponse> DiscoverAsync(string peer, string permission) => Assert.IsType<RawResponse>(await RawHttp.SendAsync(
        site.Server.Uri, $"GET /{peer}/app.git/info/refs?service=git-upload-pack HTTP/1.1", [$"Authorization: Bearer {await site.TokenAsync(permission)}"]));

    private static void AssertOurs(RawResponse answer)
    {
        Assert.All(s_upstreamsOwn, own => Assert.DoesNotContain(own, answer.Head + answer.Text));
        Assert.Null(answer.Header("Set-Cookie"));
        Assert.Null(answer.Header("WWW-Authenticate"));
        Assert.Null(answer.Header("Location"));
        Assert.Null(answer.Header("Content-Encoding"));
    }

    private void AssertNothingInTheLog()
    {
        Assert.All(s_upstreamsOwn, own => Assert.DoesNotContain(own, site.Server.Log));
        Assert.All(s_upstreamsOwn, own => Assert.DoesNotContain(own, string.Join('\n', site.Server.Audit.Read())));
    }
}
