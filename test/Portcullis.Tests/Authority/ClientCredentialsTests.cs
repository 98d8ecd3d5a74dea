using System.Net;
using System.Text.Json;
using Portcullis.Authority.Clients;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority;

public sealed class ClientCredentialsTests
{
    [Fact]
    public async Task Client_gets_what_the_policy_gives_it_and_the_gateway_accepts_the_token()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        JsonElement answer = await host.PostAsync("/oauth/token", new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret,
        });
        Assert.Equal("git:acme/app:pull", answer.GetProperty("scope").GetString());
        Assert.Equal("Bearer", answer.GetProperty("token_type").GetString());
        Assert.InRange(answer.GetProperty("expires_in").GetInt32(), 899, 900);
        ValidatedToken token = await host.AcceptAsync(answer.GetProperty("access_token").GetString()!);
        Assert.Equal("ci", token.Subject);
        Assert.Equal("ci", token.ClientId);
        Assert.Equal("at+jwt", token.Type);
        Assert.Equal("ES256", token.Algorithm);
        Assert.Equal("git:acme/app:pull", token.Scope);
    }

    [Fact]
    public async Task Wrong_secret_is_refused_and_an_unknown_client_the_same_way()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddServiceClientAsync();
        foreach (var id in new[] { "ci", "nobody" })
        {
            JsonElement answer = await host.PostAsync(
                "/oauth/token", new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = id, ["client_secret"] = "wrong" }, HttpStatusCode.Unauthorized);
            Assert.Equal("invalid_client", answer.GetProperty("error").GetString());
        }
    }

    [Theory]
    [InlineData("git:acme/app:pull git:other/thing:push", "git:acme/app:pull")]
    [InlineData("git:*:pull,push", "git:acme/app:pull")]
    public async Task Request_for_more_gets_what_the_policy_gives(string asked, string granted)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        JsonElement answer = await host.PostAsync("/oauth/token", new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret, ["scope"] = asked,
        });
        Assert.Equal(granted, answer.GetProperty("scope").GetString());
    }

    [Theory]
    [InlineData("keys")]
    [InlineData("{\"keys\":[]}")]
    [InlineData("{\"keys\":{}}")]
    [InlineData("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0\"}]}")]
    [InlineData("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}")]
    [InlineData("PRIVATE")]
    public async Task Keys_that_can_not_prove_who_a_client_is_are_not_kept(string jwks)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        if (jwks == "PRIVATE")
        {
            using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
            System.Security.Cryptography.ECParameters p = key.ExportParameters(true);
            static string Text(byte[]? value) => System.Buffers.Text.Base64Url.EncodeToString(value);
            jwks = JsonSerializer.Serialize(new { keys = new[] { new { kty = "EC", crv = "P-256", x = Text(p.Q.X), y = Text(p.Q.Y), d = Text(p.D) } } });
        }

        var client = new ClientInfo { Id = "keyed", Grants = [ClientGrant.ClientCredentials], IsConfidential = true, Jwks = jwks };
        Portcullis.Authority.AdministrationResult<ClientRegistration> result = await host.Clients.AddAsync(client, TestContext.Current.CancellationToken);
        Assert.False(result.Succeeded);
        Assert.Contains("key", result.Problem, StringComparison.Ordinal);
        Assert.Null(await host.Clients.FindAsync("keyed", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Authorization_details_are_granted_like_scopes()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        JsonElement answer = await host.PostAsync("/oauth/token", new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret,
            ["authorization_details"] = """[{"type":"git_repository","identifier":"acme/*","actions":["pull"],"refs":["refs/heads/main"]}]""",
        });
        Assert.Equal("git:acme/app@refs/heads/main:pull", answer.GetProperty("scope").GetString());
    }

    [Theory]
    [InlineData("git:acme/app:fly", "invalid_scope", "fly")]
    [InlineData("git:secret/thing:pull", "invalid_scope", "nothing of what was asked for")]
    public async Task Scope_that_leaves_nothing_or_cannot_be_read_is_refused_with_the_reason(string scope, string error, string words)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        JsonElement answer = await host.PostAsync(
            "/oauth/token",
            new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret, ["scope"] = scope },
            HttpStatusCode.BadRequest);
        Assert.Equal(error, answer.GetProperty("error").GetString());
        Assert.Contains(words, answer.GetProperty("error_description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_own_ceiling_and_lifetime_count()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync(
            configure: client => client with { Ceiling = ["git:acme/app@refs/heads/release/*:pull"], AccessTokenLifetime = TimeSpan.FromMinutes(2) });
        JsonElement answer = await host.PostAsync("/oauth/token", new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret,
        });
        Assert.Equal("git:acme/app@refs/heads/release/*:pull", answer.GetProperty("scope").GetString());
        Assert.InRange(answer.GetProperty("expires_in").GetInt32(), 119, 120);
    }

    [Fact]
    public async Task People_and_clients_share_one_set_of_names()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddServiceClientAsync("alice");
        Assert.Contains("client", (await host.Users.AddAsync("alice", null, null, [], false, TestContext.Current.CancellationToken)).Problem, StringComparison.Ordinal);
        Assert.Contains("user", (await host.Clients.AddAsync(
            new Portcullis.Authority.Clients.ClientInfo { Id = "admin", Grants = [Portcullis.Authority.Clients.ClientGrant.TokenExchange] }, TestContext.Current.CancellationToken)).Problem, StringComparison.Ordinal);
    }
}
