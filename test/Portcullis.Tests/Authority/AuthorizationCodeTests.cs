using System.Net;
using System.Text.Json;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority;

public sealed class AuthorizationCodeTests
{
    [Fact]
    public async Task Person_signs_in_agrees_and_gets_exactly_the_claims_of_the_specification()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (access, _, response) = await OAuthFlow.SignInAsync(host, "openid git:acme/app@refs/heads/agent/*:push");
        Assert.Equal("openid git:acme/app@refs/heads/agent/*,^refs/heads/main:create,update", Normalize(response.GetProperty("scope").GetString()!));
        ValidatedToken token = await host.AcceptAsync(access);
        Assert.Equal("alice", token.Subject);
        Assert.Equal(OAuthFlow.ClientId, token.ClientId);
        Assert.NotNull(token.SessionId);
        Assert.True(access.Length <= 1200);
        using JsonDocument payload = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(access.Split('.')[1]));
        Assert.Equal(["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "sid", "scope"], payload.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(AuthorityHost.PublicUrl, payload.RootElement.GetProperty("iss").GetString());
        using JsonDocument identity = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(response.GetProperty("id_token").GetString()!.Split('.')[1]));
        Assert.Equal(AuthorityHost.PublicUrl, identity.RootElement.GetProperty("iss").GetString());
        Assert.Equal("alice", identity.RootElement.GetProperty("sub").GetString());
        Assert.DoesNotContain(identity.RootElement.EnumerateObject(), member => member.Name.StartsWith("oi_", StringComparison.Ordinal));

        // An identity token opens nothing.
        Assert.NotEqual(TokenError.None, (await host.Gateway.ValidateAsync(response.GetProperty("id_token").GetString()!, default, TestContext.Current.CancellationToken)).Error);

        // How the intersection spells an exclusion that can't match anyway is its own affair.
        static string Normalize(string scope) => scope.Replace("@refs/heads/agent/*:", "@refs/heads/agent/*,^refs/heads/main:", StringComparison.Ordinal)
            .Replace(":push", ":create,update", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refresh_rotates_and_asks_the_policy_anew()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (_, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        host.Clock.Advance(TimeSpan.FromMinutes(20));
        JsonElement second = await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));
        Assert.NotEqual(refresh, second.GetProperty("refresh_token").GetString());
        await host.AcceptAsync(second.GetProperty("access_token").GetString()!);

        // An empty client_secret and a redirect_uri on refresh: as Git Credential Manager sends them.
        Dictionary<string, string> form = OAuthFlow.RefreshForm(second.GetProperty("refresh_token").GetString()!);
        form["redirect_uri"] = OAuthFlow.Redirect;
        form["client_secret"] = "";
        JsonElement third = await host.PostAsync("/oauth/token", form);
        await host.AcceptAsync(third.GetProperty("access_token").GetString()!);
    }

    [Fact]
    public async Task Refresh_can_narrow_and_never_widen()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (_, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        Dictionary<string, string> form = OAuthFlow.RefreshForm(refresh);
        form["scope"] = "git:acme/*@refs/heads/x:pull,push";
        JsonElement narrowed = await host.PostAsync("/oauth/token", form);
        Assert.Equal("git:acme/app@refs/heads/x:pull", narrowed.GetProperty("scope").GetString());
        form = OAuthFlow.RefreshForm(narrowed.GetProperty("refresh_token").GetString()!);
        form["scope"] = "git:acme/other:pull";
        await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Refresh_token_used_twice_within_the_leeway_works_and_later_ends_the_whole_login()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (_, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        JsonElement second = await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var access = second.GetProperty("access_token").GetString()!;
        await host.AcceptAsync(access);
        JsonElement refused = await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh), HttpStatusCode.BadRequest);
        Assert.Equal("invalid_grant", refused.GetProperty("error").GetString());
        await host.RefuseAsync(access, TokenError.Revoked);
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(second.GetProperty("refresh_token").GetString()!), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Code_used_twice_ends_what_the_first_use_brought()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var verifier = OAuthFlow.NewVerifier();
        var code = await OAuthFlow.GetCodeAsync(host, verifier, "git:acme/app:pull");
        JsonElement first = await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(code, verifier));
        JsonElement second = await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(code, verifier), HttpStatusCode.BadRequest);
        Assert.Equal("invalid_grant", second.GetProperty("error").GetString());
        await host.RefuseAsync(first.GetProperty("access_token").GetString()!, TokenError.Revoked);
    }

    [Fact]
    public async Task Code_of_another_verifier_client_or_redirect_address_is_refused()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        await host.Clients.AddAsync(
            new Portcullis.Authority.Clients.ClientInfo { Id = "other", Grants = [Portcullis.Authority.Clients.ClientGrant.AuthorizationCode], RedirectUris = ["http://127.0.0.1"] },
            TestContext.Current.CancellationToken);
        foreach (var (name, value) in new[] { ("code_verifier", OAuthFlow.NewVerifier()), ("client_id", "other"), ("redirect_uri", "http://127.0.0.1:1") })
        {
            var verifier = OAuthFlow.NewVerifier();
            Dictionary<string, string> form = OAuthFlow.CodeForm(await OAuthFlow.GetCodeAsync(host, verifier, "git:acme/app:pull"), verifier);
            form[name] = value;
            JsonElement refused = await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest);
            Assert.Equal("invalid_grant", refused.GetProperty("error").GetString());
        }
    }

    [Theory]
    [InlineData("redirect_uri", "https://evil.example/")]
    [InlineData("redirect_uri", "http://127.0.0.1.evil.example/")]
    [InlineData("redirect_uri", "http://127.0.0.1:49152/elsewhere")]
    [InlineData("redirect_uri", "http://user@127.0.0.1:49152")]
    [InlineData("client_id", "nobody")]
    public async Task Request_that_may_be_forged_is_told_to_the_person_and_never_redirected(string name, string value)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using TestBrowser browser = host.CreateBrowser();
        TestPage page = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull", (name, value)));
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Null(page.Response.Headers.Location);
        Assert.Contains("This request can&#x27;t be served", page.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("code_challenge", null)]
    [InlineData("code_challenge_method", "plain")]
    [InlineData("response_type", "token")]
    public async Task Downgrade_of_PKCE_or_of_the_flow_is_refused(string name, string? value)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using TestBrowser browser = host.CreateBrowser();
        TestPage page = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull", (name, value)));

        // Before the redirect address has been judged, so the person is told, not the client.
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Null(page.Response.Headers.Location);
    }

    [Fact]
    public async Task Consent_names_the_rights_in_plain_words_and_denying_gives_nothing()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage consent = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app@refs/heads/agent/*:push"));
        Assert.Contains("Push to branches below agent/", consent.Text, StringComparison.Ordinal);
        Assert.Contains("acme/app", consent.Text, StringComparison.Ordinal);
        TestPage answer = await browser.SubmitAsync(consent, "/oauth/authorize", ("decision", "deny"));
        Assert.Contains("error=access_denied", answer.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consent_without_the_forms_own_token_is_refused()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage consent = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull"));
        Dictionary<string, string> form = consent.FormFields("/oauth/authorize");
        form["decision"] = "allow";
        form.Remove("__RequestVerificationToken");
        TestPage answer = await browser.PostAsync("/oauth/authorize", form);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Gitea_addresses_and_clients_answer_only_where_the_switch_is_on(bool isOn)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { GiteaCompatible = isOn });
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        var verifier = OAuthFlow.NewVerifier();
        const string Client = "a4792ccc-144e-407e-86c9-5e7d8d9c3269";
        TestPage consent = await browser.GetAsync(OAuthFlow.AuthorizeUrl(verifier, null, ("client_id", Client)).Replace("/oauth/", "/login/oauth/", StringComparison.Ordinal));
        if (!isOn)
        {
            Assert.Equal(HttpStatusCode.NotFound, consent.Status);
            return;
        }

        TestPage answer = await browser.SubmitAsync(consent, "/oauth/authorize", ("decision", "allow"));
        Dictionary<string, string> form = OAuthFlow.CodeForm(Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(new Uri(answer.Location).Query)["code"].ToString(), verifier);
        form["client_id"] = Client;
        JsonElement tokens = await host.PostAsync("/login/oauth/access_token", form);
        await host.AcceptAsync(tokens.GetProperty("access_token").GetString()!);
    }

    [Fact]
    public async Task Unreadable_scope_goes_back_to_the_client_as_invalid_scope_naming_the_part()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage answer = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:fly"));
        Assert.Contains("error=invalid_scope", answer.Location, StringComparison.Ordinal);
        Assert.Contains("fly", answer.Location, StringComparison.Ordinal);
    }
}
