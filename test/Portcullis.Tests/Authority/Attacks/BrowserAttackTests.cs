using System.Net;
using Microsoft.AspNetCore.WebUtilities;
using Portcullis.Authority.Clients;

namespace Portcullis.Tests.Authority.Attacks;

/// <summary>RFC 9700 §4.7, §4.16 and what else can be done with somebody's browser. Framing and scripts: SignInPagesTests.</summary>
public sealed class BrowserAttackTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Consent_of_one_tab_lets_nobody_in_who_asks_in_another()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        await host.Clients.AddAsync(new ClientInfo { Id = "attacker", Grants = [ClientGrant.AuthorizationCode], RedirectUris = ["http://127.0.0.1"] }, Stop);
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage mine = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app@refs/heads/x:pull", ("state", "mine")));
        TestPage theirs = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/*:pull,push", ("client_id", "attacker"), ("state", "theirs")));
        Assert.Contains("attacker", theirs.Text, StringComparison.Ordinal);

        // What is said yes to is what stands on the page where it is said.
        TestPage answer = await browser.SubmitAsync(mine, "/oauth/authorize", ("decision", "allow"));
        Assert.Contains("state=mine", answer.Location, StringComparison.Ordinal);

        // And a yes is not remembered: neither for the other tab, nor for the next time.
        TestPage again = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/*:pull,push", ("client_id", "attacker")));
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Contains("value=\"allow\"", again.Text, StringComparison.Ordinal);
        TestPage silent = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app@refs/heads/x:pull", ("prompt", "none")));
        Assert.Contains("error=consent_required", silent.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consent_page_of_one_person_is_no_consent_of_who_signed_in_since()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        await host.Users.AddAsync("bob", null, null, ["engineering"], false, Stop);
        await host.Users.SetPasswordAsync("bob", AuthorityHost.Password, Stop);
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage consent = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull"));
        await browser.SignInAsync("bob", AuthorityHost.Password);
        TestPage answer = await browser.SubmitAsync(consent, "/oauth/authorize", ("decision", "allow"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task Yes_in_the_address_is_none()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage page = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull", ("decision", "allow")));
        Assert.Null(page.Response.Headers.Location);
        Assert.Contains("value=\"allow\"", page.Text, StringComparison.Ordinal);

        // Nor in a form that somebody else's page sends along with this browser's cookies.
        TestPage forged = await browser.PostAsync(
            "/oauth/authorize", QueryHelpers.ParseQuery(new Uri(host.Address + OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull", ("decision", "allow"))).Query).ToDictionary(p => p.Key, p => p.Value.ToString()));
        Assert.Null(forged.Response.Headers.Location);
        Assert.Equal(HttpStatusCode.BadRequest, forged.Status);
    }

    [Fact]
    public async Task Session_cookie_that_was_planted_is_not_the_one_after_the_sign_in()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        await host.Users.AddAsync("mallory", null, null, [], false, Stop);
        await host.Users.SetPasswordAsync("mallory", AuthorityHost.Password, Stop);
        using TestBrowser attacker = host.CreateBrowser();
        await attacker.SignInAsync("mallory", AuthorityHost.Password);
        var planted = attacker.Cookies.GetCookies(new Uri(host.Address))["portcullis"]!.Value;
        using TestBrowser victim = host.CreateBrowser();
        victim.Cookies.Add(new Uri(host.Address), new Cookie("portcullis", planted, "/"));
        await victim.SignInAsync("alice", AuthorityHost.Password);
        Assert.NotEqual(planted, victim.Cookies.GetCookies(new Uri(host.Address))["portcullis"]!.Value);
        Assert.Contains("Alice Example", (await victim.GetAsync("/account")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Alice Example", (await attacker.GetAsync("/account")).Text, StringComparison.Ordinal);
        Assert.Single(await host.Users.ListSessionsAsync("mallory", Stop));
    }

    [Fact]
    public async Task Signed_out_cookie_that_somebody_kept_opens_nothing()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        var kept = browser.Cookies.GetCookies(new Uri(host.Address))["portcullis"]!.Value;
        await browser.SubmitAsync(await browser.GetAsync("/account"), "/logout");
        using TestBrowser thief = host.CreateBrowser();
        thief.Cookies.Add(new Uri(host.Address), new Cookie("portcullis", kept, "/"));
        Assert.StartsWith("/login", (await thief.GetAsync("/account")).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_of_somebody_elses_page_signs_nobody_in()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();

        // Login CSRF: a victim's browser signed in as the attacker, who later sees what the victim did.
        using TestBrowser browser = host.CreateBrowser();
        TestPage page = await browser.PostAsync("/login", [new("name", "alice"), new("password", AuthorityHost.Password)]);
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.StartsWith("/login", (await browser.GetAsync("/account")).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookies_are_out_of_reach_for_scripts_and_other_sites()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { PublicUrl = "https://localhost" });
        await host.AddAliceAsync();
        using HttpClient client = host.CreateClient();
        HttpResponseMessage page = await client.GetAsync("/login", Stop);
        foreach (var cookie in page.Headers.GetValues("Set-Cookie"))
        {
            Assert.StartsWith("__Host-portcullis-form=", cookie, StringComparison.Ordinal);
            Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("; samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Another_host_name_in_the_request_leads_nowhere_else()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using HttpClient client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull"));
        request.Headers.Host = "evil.test";
        request.Headers.Add("X-Forwarded-Host", "evil.test");
        request.Headers.Add("Forwarded", "host=evil.test");
        HttpResponseMessage answer = await client.SendAsync(request, Stop);
        Assert.StartsWith("/login?", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", answer.Headers.Location.OriginalString, StringComparison.Ordinal);
    }
}
