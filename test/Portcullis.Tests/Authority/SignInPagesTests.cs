using System.Net;

namespace Portcullis.Tests.Authority;

public sealed class SignInPagesTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sign_in_lasts_longer_than_the_moment_it_was_made_in()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        for (var i = 0; i < 3; i++)
        {
            host.Clock.Advance(TimeSpan.FromMinutes(10));
            Assert.Equal(System.Net.HttpStatusCode.OK, (await browser.GetAsync("/account")).Status);
        }
    }

    [Fact]
    public async Task First_start_makes_an_administrator_whose_link_works_once()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        Assert.Equal("admin", host.Report.Administrator);
        var secret = new Uri(host.Report.EnrolmentLink!).Fragment[1..];
        using TestBrowser browser = host.CreateBrowser();
        TestPage page = await browser.GetAsync("/login/enrol");
        TestPage done = await browser.SubmitAsync(page, "/login/enrol", ("secret", secret));
        Assert.Equal(HttpStatusCode.OK, done.Status);
        TestPage account = await browser.GetAsync("/account");
        TestPage set = await browser.SubmitAsync(account, "/account/password", ("new", "a passphrase of mine"));
        Assert.Equal("/account?done=password", set.Location);

        using TestBrowser other = host.CreateBrowser();
        TestPage again = await other.SubmitAsync(await other.GetAsync("/login/enrol"), "/login/enrol", ("secret", secret));
        Assert.Equal(HttpStatusCode.BadRequest, again.Status);
        Assert.Equal(HttpStatusCode.OK, (await other.SignInAsync("admin", "a passphrase of mine")).Status);
        Assert.True((await host.Users.FindAsync("admin", Stop))!.IsAdministrator);
    }

    [Fact]
    public async Task Wrong_password_and_unknown_and_disabled_person_look_the_same()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        await host.Users.AddAsync("mallory", null, null, [], false, Stop);
        await host.Users.SetPasswordAsync("mallory", AuthorityHost.Password, Stop);
        await host.Users.DisableAsync("mallory", Stop);
        var pages = new List<string>();
        foreach (var (name, password) in new[] { ("alice", "wrong wrong wrong"), ("nobody", "wrong wrong wrong"), ("mallory", AuthorityHost.Password) })
        {
            using TestBrowser browser = host.CreateBrowser();
            TestPage page = await browser.SignInAsync(name, password);
            Assert.Equal(HttpStatusCode.BadRequest, page.Status);
            pages.Add(System.Text.RegularExpressions.Regex.Replace(page.Text, "value=\"[^\"]*\"", ""));
            Assert.Equal("/login?returnUrl=%2Faccount", (await browser.GetAsync("/account")).Location);
        }

        Assert.Single(pages.Distinct());
    }

    [Fact]
    public async Task Account_rests_after_ten_wrong_passwords_whether_it_exists_or_not()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { MaxFailuresPerAddress = 1000 });
        await host.AddAliceAsync();
        foreach (var name in new[] { "alice", "nobody" })
        {
            using TestBrowser browser = host.CreateBrowser();
            for (var i = 0; i < 10; i++)
            {
                Assert.Equal(HttpStatusCode.BadRequest, (await browser.SignInAsync(name, "wrong wrong wrong")).Status);
            }

            TestPage page = await browser.SignInAsync(name, AuthorityHost.Password);
            Assert.Equal(HttpStatusCode.TooManyRequests, page.Status);
            Assert.InRange(page.Response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 300);
        }
    }

    [Fact]
    public async Task Spraying_one_password_over_many_accounts_is_stopped_by_address()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { MaxFailuresPerAddress = 5 });
        using TestBrowser browser = host.CreateBrowser();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.SignInAsync("user" + i, "Summer2026!!")).Status);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await browser.SignInAsync("user6", "Summer2026!!")).Status);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/ok\n//evil.example")]
    public async Task Sign_in_leads_only_to_this_server(string returnUrl)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        TestPage page = await browser.SignInAsync("alice", AuthorityHost.Password, returnUrl);
        Assert.Contains("url=/account\"", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_page_forbids_framing_inline_script_and_caching()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        foreach (var path in new[] { "/login", "/login/enrol", "/device", "/account", "/nothing", "/login/nothing" })
        {
            if (path == "/device")
            {
                await browser.SignInAsync("alice", AuthorityHost.Password);
            }

            TestPage page = await browser.GetAsync(path);
            if (path == "/nothing")
            {
                // Not ours: a repository, perhaps.
                Assert.Equal(HttpStatusCode.NotFound, page.Status);
                continue;
            }

            var policy = page.Response.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.True(page.Response.Headers.CacheControl!.NoStore);
            Assert.DoesNotContain("<script>", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("style=", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("onclick", page.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Session_ended_from_the_account_page_signs_that_browser_out()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser first = host.CreateBrowser();
        using TestBrowser second = host.CreateBrowser();
        await first.SignInAsync("alice", AuthorityHost.Password);
        await second.SignInAsync("alice", AuthorityHost.Password);
        var firstSession = (await host.Users.ListSessionsAsync("alice", Stop)).OrderBy(s => s.CreatedAt).First();
        TestPage account = await second.GetAsync("/account");
        Dictionary<string, string> form = account.FormFields("/account/session/end");
        form["session"] = firstSession.Id;
        await second.PostAsync("/account/session/end", form);
        Assert.Single(await host.Users.ListSessionsAsync("alice", Stop));
        var alive = new[] { await first.GetAsync("/account"), await second.GetAsync("/account") }.Count(page => page.Status == HttpStatusCode.OK);
        Assert.Equal(1, alive);
    }

    [Fact]
    public async Task Form_without_its_token_changes_nothing()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        foreach (var path in new[] { "/account/password", "/account/session/end", "/account/code", "/logout", "/account/passkey/remove" })
        {
            TestPage page = await browser.PostAsync(path, [new("new", "another passphrase"), new("old", AuthorityHost.Password)]);
            Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/account")).Status);
    }

    [Fact]
    public async Task Borrowed_browser_changes_how_one_signs_in_only_just_after_a_sign_in()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        host.Clock.Advance(TimeSpan.FromMinutes(16));
        TestPage account = await browser.GetAsync("/account");
        TestPage refused = await browser.SubmitAsync(account, "/account/password", ("old", AuthorityHost.Password), ("new", "another long password"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("it has been a while", refused.Text, StringComparison.Ordinal);
        using TestBrowser other = host.CreateBrowser();
        Assert.Contains("Signed in", (await other.SignInAsync("alice", AuthorityHost.Password)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_accounts_that_are_switched_off_have_no_door()
    {
        await using AuthorityHost before = await AuthorityHost.StartAsync();
        await before.AddAliceAsync();
        var secret = (await before.Users.CreateEnrolmentLinkAsync("alice", TestContext.Current.CancellationToken)).Value!.Split('#')[1];
        using TestBrowser kept = before.CreateBrowser();
        TestPage enrol = await kept.GetAsync("/login/enrol");
        TestPage signIn = await kept.GetAsync("/login");
        await using AuthorityHost host = await AuthorityHost.StartAsync(before.Directory, o => o with { LocalAccounts = false }, before.Clock);
        using TestBrowser browser = host.CreateBrowser();
        foreach (System.Net.Cookie cookie in kept.Cookies.GetAllCookies())
        {
            browser.Cookies.Add(cookie);
        }

        Assert.DoesNotContain("password", (await browser.GetAsync("/login")).Text, StringComparison.Ordinal);
        foreach (TestPage refused in new[]
        {
            await browser.SubmitAsync(signIn, "/login", ("name", "alice"), ("password", AuthorityHost.Password)),
            await browser.SubmitAsync(enrol, "/login/enrol", ("secret", secret)),
            await browser.PostAsync("/login/passkey/options", enrol.FormFields("/login/enrol")),
            await browser.PostAsync("/login/passkey", enrol.FormFields("/login/enrol")),
            await browser.PostAsync("/login/code", enrol.FormFields("/login/enrol")),
        })
        {
            Assert.Equal(HttpStatusCode.NotFound, refused.Status);
            Assert.Contains("no accounts of its own", refused.Text, StringComparison.Ordinal);
        }

        Assert.NotEqual(HttpStatusCode.OK, (await browser.GetAsync("/account")).Status);
        Assert.False((await host.Users.CreateEnrolmentLinkAsync("alice", TestContext.Current.CancellationToken)).Succeeded);
        Assert.False((await host.Users.AddAsync("bob", null, null, [], false, TestContext.Current.CancellationToken)).Succeeded);

        // A first start without them makes nobody, and no link.
        await using AuthorityHost fresh = await AuthorityHost.StartAsync(configure: o => o with { LocalAccounts = false });
        Assert.Null(fresh.Report.EnrolmentLink);
        Assert.Empty(await fresh.Users.ListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Second_step_asks_for_a_code_and_a_recovery_code_works_once()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage setup = await browser.GetAsync("/account/code");
        var key = System.Text.RegularExpressions.Regex.Match(setup.Text, "secret=([A-Z2-7]+)").Groups[1].Value;
        host.Clock.Advance(TimeSpan.FromSeconds(20)); // As long as it takes to type a code: cookies are looked at anew then.
        TestPage codes = await browser.SubmitAsync(setup, "/account/code", ("code", Totp.Code(key, DateTimeOffset.UtcNow)));
        Assert.Equal(HttpStatusCode.OK, codes.Status);
        var recovery = System.Text.RegularExpressions.Regex.Matches(codes.Text, "<code>([^<]+)</code>").Select(m => m.Groups[1].Value).ToList();
        Assert.Equal(10, recovery.Count);

        using TestBrowser second = host.CreateBrowser();
        TestPage step = await second.SignInAsync("alice", AuthorityHost.Password);
        Assert.Contains("One more step", step.Text, StringComparison.Ordinal);
        Assert.Equal("/login?returnUrl=%2Faccount", (await second.GetAsync("/account")).Location);
        Assert.Equal(HttpStatusCode.BadRequest, (await second.SubmitAsync(step, "/login/code", ("code", "nonsense"))).Status);
        Assert.Contains("Signed in", (await second.SubmitAsync(step, "/login/code", ("code", recovery[0]))).Text, StringComparison.Ordinal);
        using TestBrowser third = host.CreateBrowser();
        TestPage again = await third.SignInAsync("alice", AuthorityHost.Password);
        Assert.Equal(HttpStatusCode.BadRequest, (await third.SubmitAsync(again, "/login/code", ("code", recovery[0]))).Status);
    }

    [Theory]
    [InlineData("https://git.example.com", true)]
    [InlineData("http://localhost:7080", true)]
    [InlineData("http://git.example.com", false)]
    [InlineData("http://127.0.0.1:7080", false)]
    [InlineData("https://[::1]:7080", false)]
    public async Task Passkeys_are_offered_only_where_browsers_make_them(string publicUrl, bool offered)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: options => options with { PublicUrl = publicUrl });
        using TestBrowser browser = host.CreateBrowser();
        Assert.Equal(offered, (await browser.GetAsync("/login")).Text.Contains("passkey-sign-in", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", "Chrome on Linux")]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0", "Edge on Windows")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Safari on an iPhone")]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on a Mac")]
    [InlineData("Mozilla/4.0", "A browser")]
    [InlineData("git-credential-oauth", "git-credential-oauth")]
    [InlineData("", "An unnamed program")]
    public void Sessions_are_named_by_browser_and_system(string userAgent, string words) => Assert.Equal(words, Portcullis.Authority.Pages.UserAgentWords.Describe(userAgent));

    [Fact]
    public void An_address_can_name_a_notice_and_not_make_one_up()
    {
        Assert.NotNull(Portcullis.Authority.Pages.PageNotices.Find("password"));
        Assert.Null(Portcullis.Authority.Pages.PageNotices.Find("Call 555-1234 to keep your account"));
        Assert.Null(Portcullis.Authority.Pages.PageNotices.Find(new Microsoft.Extensions.Primitives.StringValues(["password", "session"])));
    }
}
