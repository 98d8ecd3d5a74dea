using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Portcullis.Authority.Clients;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority.Attacks;

/// <summary>RFC 9700 §4.5, §4.8 and §4.14: codes and refresh tokens in the wrong hands. Replay one after the other is in AuthorizationCodeTests.</summary>
public sealed class CodeAttackTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Code_shown_many_times_at_once_is_good_for_one()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { MaxFailuresPerAddress = 1000 });
        await host.AddAliceAsync();
        var verifier = OAuthFlow.NewVerifier();
        var code = await OAuthFlow.GetCodeAsync(host, verifier, "git:acme/app:pull");
        HttpResponseMessage[] answers = await PostManyAsync(host, OAuthFlow.CodeForm(code, verifier), 8);
        Assert.Single(answers, answer => answer.IsSuccessStatusCode);

        // Once more, and everything that came of it is dead.
        await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(code, verifier), HttpStatusCode.BadRequest);
        using JsonDocument first = JsonDocument.Parse(await answers.Single(answer => answer.IsSuccessStatusCode).Content.ReadAsStringAsync(Stop));
        await host.RefuseAsync(first.RootElement.GetProperty("access_token").GetString()!, TokenError.Revoked);
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(first.RootElement.GetProperty("refresh_token").GetString()!), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Refresh_token_shown_many_times_at_once_works_each_time_within_the_leeway_and_all_of_it_dies_later()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { MaxFailuresPerAddress = 1000 });
        await host.AddAliceAsync();
        var (_, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");

        // Two git processes that find the same token run out at the same moment.
        HttpResponseMessage[] answers = await PostManyAsync(host, OAuthFlow.RefreshForm(refresh), 6);
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh), HttpStatusCode.BadRequest);
        foreach (HttpResponseMessage answer in answers)
        {
            using JsonDocument tokens = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
            await host.RefuseAsync(tokens.RootElement.GetProperty("access_token").GetString()!, TokenError.Revoked);
            await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(tokens.RootElement.GetProperty("refresh_token").GetString()!), HttpStatusCode.BadRequest);
        }
    }

    [Fact]
    public async Task Code_is_worth_nothing_to_another_client_even_with_the_verifier()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var secret = (await host.Clients.AddAsync(
            new ClientInfo { Id = "attacker", Grants = [ClientGrant.AuthorizationCode, ClientGrant.DeviceCode], RedirectUris = ["http://127.0.0.1"], IsConfidential = true }, Stop)).Value!.Secret!;
        var verifier = OAuthFlow.NewVerifier();
        Dictionary<string, string> form = OAuthFlow.CodeForm(await OAuthFlow.GetCodeAsync(host, verifier, "git:acme/app:pull"), verifier);
        form["client_id"] = "attacker";
        form["client_secret"] = secret;
        Assert.Equal("invalid_grant", (await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest)).GetProperty("error").GetString());

        // Nor is one kind of secret another: a code as a refresh token, a refresh token as a device code.
        var (_, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        verifier = OAuthFlow.NewVerifier();
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(await OAuthFlow.GetCodeAsync(host, verifier, "git:acme/app:pull")), HttpStatusCode.BadRequest);
        await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(refresh, verifier), HttpStatusCode.BadRequest);
        await host.PostAsync(
            "/oauth/token", new Dictionary<string, string> { ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["client_id"] = OAuthFlow.ClientId, ["device_code"] = refresh }, HttpStatusCode.BadRequest);

        // And a refresh token belongs to the client that it was given to.
        form = OAuthFlow.RefreshForm(refresh);
        form["client_id"] = "attacker";
        form["client_secret"] = secret;
        await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("code_verifier", null)]
    [InlineData("code_verifier", "")]
    [InlineData("code_verifier", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("redirect_uri", null)]
    public async Task Stolen_code_without_its_verifier_is_refused(string name, string? value)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var verifier = OAuthFlow.NewVerifier();
        Dictionary<string, string> form = OAuthFlow.CodeForm(await OAuthFlow.GetCodeAsync(host, verifier, "git:acme/app:pull"), verifier);
        form.Remove(name);
        if (value is not null)
        {
            form[name] = value;
        }

        await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Downgrade_by_an_attacker_who_strips_the_challenge_gives_no_code_that_works_with_one()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        foreach (var changes in new (string, string?)[][]
        {
            [("code_challenge", null), ("code_challenge_method", null)], [("code_challenge", ""), ("code_challenge_method", "S256")], [("code_challenge_method", null)], [("code_challenge_method", "s256")],
            [("response_type", "code token")], [("response_type", "code id_token")], [("response_type", "id_token")], [("response_type", "none")], [("response_mode", "form_post")], [("response_mode", "web_message")],
            [("request", "eyJhbGciOiJub25lIn0.e30.")], [("request_uri", "https://evil.test/request")],
        })
        {
            TestPage page = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull", changes));
            Assert.DoesNotContain("value=\"allow\"", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("code=", page.Response.Headers.Location?.OriginalString ?? "", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Code_lives_a_minute_and_the_answer_names_its_issuer()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var verifier = OAuthFlow.NewVerifier();
        var code = await OAuthFlow.GetCodeAsync(host, verifier, "git:acme/app:pull");
        host.Clock.Advance(TimeSpan.FromSeconds(61));
        await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(code, verifier), HttpStatusCode.BadRequest);

        // Mix-up (RFC 9207): refusals name it, too.
        using TestBrowser browser = host.CreateBrowser();
        TestPage refused = await browser.GetAsync(OAuthFlow.AuthorizeUrl(verifier, "git:acme/app:pull", ("prompt", "none")));
        var query = QueryHelpers.ParseQuery(new Uri(refused.Location).Query);
        Assert.Equal("login_required", query["error"]);
        Assert.Equal(AuthorityHost.PublicUrl, query["iss"]);
        Assert.Equal("s-1", query["state"]);
    }

    [Fact]
    public async Task Session_of_a_code_that_lost_the_race_is_not_left_behind()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { MaxFailuresPerAddress = 1000 });
        await host.AddAliceAsync();
        var verifier = OAuthFlow.NewVerifier();
        var code = await OAuthFlow.GetCodeAsync(host, verifier, "git:acme/app:pull");
        await PostManyAsync(host, OAuthFlow.CodeForm(code, verifier), 4);
        Assert.InRange((await host.Users.ListSessionsAsync("alice", Stop)).Count(session => session.ClientId == OAuthFlow.ClientId), 0, 1);
    }

    internal static async Task<HttpResponseMessage[]> PostManyAsync(AuthorityHost host, Dictionary<string, string> form, int count) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            using HttpClient client = host.CreateClient();
            return await client.PostAsync("/oauth/token", new FormUrlEncodedContent(form), Stop);
        }));
}
