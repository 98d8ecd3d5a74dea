using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Portcullis.Tests.Authority;

public sealed class MetadataTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/.well-known/oauth-authorization-server")]
    public async Task Metadata_names_our_addresses_whatever_host_is_asked_for(string path)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using HttpClient client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = "evil.example";
        HttpResponseMessage response = await client.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonElement metadata = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Stop)).RootElement;
        Assert.Equal(AuthorityHost.PublicUrl, metadata.GetProperty("issuer").GetString());
        foreach (var (name, address) in new[]
        {
            ("authorization_endpoint", "/oauth/authorize"), ("token_endpoint", "/oauth/token"), ("device_authorization_endpoint", "/oauth/device"), ("revocation_endpoint", "/oauth/revoke"),
            ("introspection_endpoint", "/oauth/introspect"), ("userinfo_endpoint", "/oauth/userinfo"), ("jwks_uri", "/.well-known/jwks.json"),
        })
        {
            Assert.Equal(AuthorityHost.PublicUrl + address, metadata.GetProperty(name).GetString());
        }

        Assert.Equal(["S256"], metadata.GetProperty("code_challenge_methods_supported").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(["ES256"], metadata.GetProperty("id_token_signing_alg_values_supported").EnumerateArray().Select(e => e.GetString()));
        Assert.DoesNotContain("evil", metadata.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jwks_has_public_halves_only()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using HttpClient client = host.CreateClient();
        JsonElement jwks = JsonDocument.Parse(await client.GetStringAsync("/.well-known/jwks.json", Stop)).RootElement;
        JsonElement key = Assert.Single(jwks.GetProperty("keys").EnumerateArray());
        Assert.Equal(["kty", "use", "alg", "kid", "crv", "x", "y"], key.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Resource_metadata_leads_to_the_authority()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using HttpClient client = host.CreateClient();
        JsonElement metadata = JsonDocument.Parse(await client.GetStringAsync("/.well-known/oauth-protected-resource", Stop)).RootElement;
        Assert.Equal(AuthorityHost.PublicUrl, metadata.GetProperty("authorization_servers")[0].GetString());
    }

    [Fact]
    public async Task Userinfo_and_introspection_know_a_token_until_it_is_revoked()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync("engineering");
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "openid profile email git:acme/app:pull");
        using HttpClient client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", access);
        JsonElement info = JsonDocument.Parse(await client.GetStringAsync("/oauth/userinfo", Stop)).RootElement;
        Assert.Equal("alice", info.GetProperty("sub").GetString());
        Assert.Equal("alice@example.com", info.GetProperty("email").GetString());
        Assert.Equal("engineering", info.GetProperty("groups")[0].GetString());
        var form = new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, ["token"] = access };
        JsonElement active = await host.PostAsync("/oauth/introspect", form, HttpStatusCode.OK);
        Assert.True(active.GetProperty("active").GetBoolean(), active.ToString());
        Assert.Contains("git:acme/app:pull", active.GetProperty("scope").GetString(), StringComparison.Ordinal);
        await host.Revocations.RevokeSubjectAsync("alice", Stop);
        Assert.False((await host.PostAsync("/oauth/introspect", form)).GetProperty("active").GetBoolean());
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/oauth/userinfo", Stop)).StatusCode);
    }

    [Fact]
    public async Task No_flow_writes_a_secret_into_a_log()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var secret = await host.AddServiceClientAsync();
        var (access, refresh, response) = await OAuthFlow.SignInAsync(host, "openid git:acme/app:pull");
        JsonElement second = await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));
        JsonElement client = await host.PostAsync("/oauth/token", new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret });
        await host.PostAsync("/oauth/token", new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = "wrong-" + secret }, HttpStatusCode.Unauthorized);
        var log = host.Log.Text;
        Assert.NotEmpty(log);
        string[] secrets =
        [
            access, refresh, secret, AuthorityHost.Password, response.GetProperty("id_token").GetString()!, second.GetProperty("refresh_token").GetString()!,
            client.GetProperty("access_token").GetString()!, new Uri(host.Report.EnrolmentLink!).Fragment[1..],
        ];
        foreach (var text in secrets)
        {
            Assert.DoesNotContain(text, log, StringComparison.Ordinal);
        }
    }
}
