using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.AspNetCore;
using Portcullis.AspNetCore.Permissions;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Minting;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.AspNetCore;

public sealed class TokenServiceTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_line_opens_a_service_to_valid_tokens_and_to_nothing_else()
    {
        await using TokenService service = await TokenService.StartAsync();
        var token = service.Token("git:acme/app:pull", change: request => request with { TokenId = "t-1" });
        Assert.Equal("alice t-1", await TextAsync(await service.GetAsync("/whoami", token), HttpStatusCode.OK));
        Assert.Equal("alice t-1", await TextAsync(await service.SendAsync("/whoami", TokenService.Basic("x-access-token", token)), HttpStatusCode.OK));
        Assert.Equal("alice t-1", await TextAsync(await service.SendAsync("/whoami", TokenService.Basic(token, "")), HttpStatusCode.OK));
        await TextAsync(await service.GetAsync("/whoami", null), HttpStatusCode.Unauthorized);
        await TextAsync(await service.GetAsync("/no/such/endpoint", null), HttpStatusCode.Unauthorized);
        Assert.Equal("open", await TextAsync(await service.GetAsync("/open", null), HttpStatusCode.OK));
    }

    [Fact]
    public async Task A_token_in_a_query_a_cookie_or_another_header_is_none()
    {
        await using TokenService service = await TokenService.StartAsync();
        var token = service.Token("git:acme/app:pull");
        foreach (var path in new[] { $"/whoami?access_token={token}", $"/whoami?token={token}" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await service.GetAsync(path, null)).StatusCode);
        }

        foreach (var header in new[] { "Cookie", "X-Access-Token", "Private-Token", "X-Forwarded-Authorization", "Proxy-Authorization" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await service.SendAsync("/whoami", null, null, (header, header == "Cookie" ? "token=" + token : "Bearer " + token))).StatusCode);
        }
    }

    [Fact]
    public async Task Challenges_are_those_of_RFC_6750()
    {
        await using TokenService service = await TokenService.StartAsync();
        HttpResponseMessage none = await service.GetAsync("/whoami", null);
        Assert.Equal("Bearer realm=\"Portcullis\"", Challenge(none));
        HttpResponseMessage which = await service.GetAsync("/dashboards", null);
        Assert.Equal("Bearer realm=\"Portcullis\", scope=\"grafana:read\"", Challenge(which));
        HttpResponseMessage invalid = await service.GetAsync("/dashboards", "nonsense");
        Assert.Equal(HttpStatusCode.Unauthorized, invalid.StatusCode);
        Assert.Contains("error=\"invalid_token\", error_description=\"The token is not a signed JWT", Challenge(invalid), StringComparison.Ordinal);
        HttpResponseMessage little = await service.GetAsync("/dashboards", service.Token("grafana:write"));
        Assert.Equal(HttpStatusCode.Forbidden, little.StatusCode);
        Assert.StartsWith("Bearer realm=\"Portcullis\", scope=\"grafana:read\", error=\"insufficient_scope\", error_description=", Challenge(little), StringComparison.Ordinal);
        Assert.Contains("it needs grafana:read", await little.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        HttpResponseMessage malformed = await service.SendAsync("/whoami", "Digest username=\"alice\"");
        Assert.Equal(HttpStatusCode.BadRequest, malformed.StatusCode);
        Assert.Contains("error=\"invalid_request\"", Challenge(malformed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roles_in_a_token_open_nothing_and_the_refusal_says_so()
    {
        await using TokenService service = await TokenService.StartAsync();
        HttpResponseMessage refused = await service.GetAsync("/dashboards", service.Token("grafana:write", change: request => request with { Roles = ["observer"] }));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("roles that it names count for nothing here", await refused.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/dashboards", service.Token("grafana:read", change: request => request with { Roles = ["observer"] }))).StatusCode);
    }

    [Fact]
    public async Task Basic_is_offered_where_the_service_says_so()
    {
        await using TokenService service = await TokenService.StartAsync(options => options.ChallengeBasic = true);
        HttpResponseMessage none = await service.GetAsync("/whoami", null);
        Assert.Equal(["Basic realm=\"Portcullis\"", "Bearer realm=\"Portcullis\""], none.Headers.GetValues("WWW-Authenticate"));
    }

    [Theory]
    [InlineData("/dashboards", "GET", "grafana:read", true)]
    [InlineData("/dashboards", "GET", "grafana:read:all", false)]
    [InlineData("/dashboards", "GET", "Grafana:read", false)]
    [InlineData("/dashboards", "GET", "git:*:pull", false)]
    [InlineData("/builds/acme/app", "GET", "git:acme/app:pull", true)]
    [InlineData("/builds/acme/app", "GET", "git:acme/*:pull,push", true)]
    [InlineData("/builds/acme/app", "GET", "git:acme/app@refs/heads/main:pull", false)]
    [InlineData("/builds/acme/app", "GET", "git:acme/ap:pull git:acme/app:push", false)]
    [InlineData("/builds/acme/app", "POST", "git:acme/app:pull builds:start", true)]
    [InlineData("/builds/acme/app", "POST", "git:acme/app:pull", false)]
    [InlineData("/builds/acme/app", "POST", "builds:start", false)]
    [InlineData("/images/acme/app", "GET", "registry:acme/*:pull", true)]
    [InlineData("/images/acme/app", "GET", "registry:acme/*:push", false)]
    public async Task A_permission_opens_what_it_covers(string path, string method, string scope, bool isAllowed)
    {
        await using TokenService service = await TokenService.StartAsync();
        HttpResponseMessage response = await service.SendAsync(path, "Bearer " + service.Token(scope), new HttpMethod(method));
        Assert.Equal(isAllowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("/builds/*/app")]
    [InlineData("/builds/acme/*")]
    [InlineData("/builds/acme/app:pull%20git:x")]
    [InlineData("/builds/acme/app%40refs")]
    [InlineData("/builds/acme/..")]
    public async Task A_route_value_cannot_act_as_a_pattern_or_as_another_permission(string path)
    {
        await using TokenService service = await TokenService.StartAsync();
        HttpResponseMessage response = await service.GetAsync(path, service.Token("git:acme/app:pull"));
        Assert.Contains(response.StatusCode, new[] { HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.BadRequest });
    }

    [Fact]
    public async Task An_authorization_detail_counts_as_a_scope_does()
    {
        await using TokenService service = await TokenService.StartAsync();
        var detail = System.Text.Json.JsonDocument.Parse("""{"type":"git_repository","identifier":"acme/app","actions":["pull"]}""").RootElement;
        var token = service.Token("openid", change: request => request with { AuthorizationDetails = [detail] });
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/builds/acme/app", token)).StatusCode);
    }

    [Fact]
    public async Task A_token_that_is_meant_for_another_service_expired_or_foreign_is_refused()
    {
        await using TokenService service = await TokenService.StartAsync();
        await RefusedAsync(service, service.Token("grafana:read", change: request => request with { Audiences = ["https://elsewhere.example"] }), "another service");
        await RefusedAsync(service, service.Token("grafana:read", change: request => request with { CertificateThumbprint = new string('A', 43) }), "client certificate");
        var old = service.Token("grafana:read");
        service.Clock.Advance(TimeSpan.FromMinutes(16));
        await RefusedAsync(service, old, "expired");
        using SigningKey other = SigningKey.Create();
        await RefusedAsync(service, new TokenMinter(TokenService.Authority, other, service.Clock).Mint(new TokenRequest { Subject = "alice", Audiences = [TokenService.Authority], Scope = "grafana:read" }).Token!, "key");
    }

    [Fact]
    public async Task A_new_signing_key_is_found_and_the_old_one_forgotten()
    {
        await using TokenService service = await TokenService.StartAsync();
        var old = service.Token("grafana:read", change: request => request with { Lifetime = TimeSpan.FromHours(1) });
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/dashboards", old)).StatusCode);
        service.RotateKey();
        service.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/dashboards", service.Token("grafana:read"))).StatusCode);
        await RefusedAsync(service, old, "key");
    }

    [Fact]
    public async Task Keys_that_cannot_be_had_are_503_and_no_challenge()
    {
        await using TokenService service = await TokenService.StartAsync();
        service.Documents.Pages.Remove("/.well-known/jwks.json");
        HttpResponseMessage response = await service.GetAsync("/dashboards", service.Token("grafana:read"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(30), response.Headers.RetryAfter!.Delta);
        Assert.Empty(response.Headers.WwwAuthenticate);
    }

    [Fact]
    public async Task A_service_that_has_not_learned_what_is_revoked_lets_nobody_in()
    {
        await using TokenService service = await TokenService.StartAsync();
        var token = service.Token("grafana:read", change: request => request with { Lifetime = TimeSpan.FromHours(1) });
        service.Documents.Pages[RevocationFeed.Path] = _ => new HttpResponseMessage(HttpStatusCode.InternalServerError);
        HttpResponseMessage response = await service.GetAsync("/dashboards", token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("revoked", await response.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);

        // It asks again by itself.
        service.Publish();
        await UntilAsync(service, async () => (await service.GetAsync("/dashboards", token)).StatusCode == HttpStatusCode.OK);

        // And when the feed stays away for too long, what it said is worth nothing any more.
        service.Documents.Pages.Remove(RevocationFeed.Path);
        await UntilAsync(service, async () => (await service.GetAsync("/dashboards", token)).StatusCode == HttpStatusCode.ServiceUnavailable);
        Assert.True(service.Clock.GetUtcNow() - service.Clock.Start > new RevocationFeedOptions().MaximumAge);
    }

    [Theory]
    [InlineData(RevocationKind.Token, "t-1")]
    [InlineData(RevocationKind.Session, "s-1")]
    [InlineData(RevocationKind.Subject, "alice")]
    [InlineData(RevocationKind.Client, "cli")]
    [InlineData(RevocationKind.Subject, "agent")]
    [InlineData(RevocationKind.Key, null)]
    public async Task What_the_authority_revokes_is_refused_here(RevocationKind kind, string? value)
    {
        await using TokenService service = await TokenService.StartAsync();
        var token = service.Token("grafana:read", change: request => request with { TokenId = "t-1", SessionId = "s-1", ClientId = "cli", Actors = [new("agent")] });
        var other = service.Token("grafana:read", "bob");
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/dashboards", token)).StatusCode);
        service.Revocations.TryAdd(new RevocationEntry { Kind = kind, Value = value ?? service.Key.KeyId!, ExpiresAt = service.Clock.GetUtcNow() + TimeSpan.FromHours(1) });
        await UntilAsync(service, async () => (await service.GetAsync("/dashboards", token)).StatusCode == HttpStatusCode.Unauthorized);
        await RefusedAsync(service, token, "revoked");
        Assert.Equal(kind == RevocationKind.Key ? HttpStatusCode.Unauthorized : HttpStatusCode.OK, (await service.GetAsync("/dashboards", other)).StatusCode);
    }

    [Fact]
    public async Task Another_issuer_can_be_accepted_without_a_feed()
    {
        await using TokenService service = await TokenService.StartAsync(options => options.FollowRevocations = false);
        service.Documents.Pages.Remove(RevocationFeed.Path);
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/dashboards", service.Token("grafana:read"))).StatusCode);
        Assert.DoesNotContain(service.Documents.Requests, request => request.Uri.AbsolutePath == RevocationFeed.Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://git.example.com")]
    [InlineData("git.example.com")]
    [InlineData("ftp://git.example.com")]
    public async Task An_authority_that_is_no_safe_address_is_a_mistake(string authority)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.AddPortcullisTokens(authority);
        await using WebApplication app = builder.Build();
        await Assert.ThrowsAnyAsync<ArgumentException>(async () =>
        {
            var handlers = app.Services.GetRequiredService<Microsoft.AspNetCore.Authentication.IAuthenticationHandlerProvider>();
            await handlers.GetHandlerAsync(new DefaultHttpContext { RequestServices = app.Services }, PortcullisTokenDefaults.AuthenticationScheme);
        });
    }

    [Theory]
    [InlineData("grafana")]
    [InlineData("git:acme/app")]
    [InlineData("git:{owner:pull")]
    [InlineData("git:{a}{b:pull}")]
    [InlineData("grafana:*")]
    public void A_requirement_that_is_no_permission_is_a_mistake_at_the_start(string text) =>
        Assert.Throws<ArgumentException>(() => new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireScope(text));

    private static async Task RefusedAsync(TokenService service, string token, string because)
    {
        HttpResponseMessage response = await service.GetAsync("/dashboards", token);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains(because, await response.Content.ReadAsStringAsync(Stop), StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<string> TextAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        Assert.Equal(expected, response.StatusCode);
        return await response.Content.ReadAsStringAsync(Stop);
    }

    private static string Challenge(HttpResponseMessage response) => Assert.Single(response.Headers.GetValues("WWW-Authenticate"));

    // The clock is the test's: pauses pass as fast as it moves. Never faster than what follows the feed can run, or a token would end before it is revoked.
    private static async Task UntilAsync(TokenService service, Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            Stop.ThrowIfCancellationRequested();
            service.Clock.Advance(TimeSpan.FromSeconds(2));
            await Task.Delay(2, Stop);
        }
    }
}
