using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Portcullis.Access.Permissions;
using Portcullis.Audit;
using Portcullis.Gateway.Registry;
using Portcullis.Tests.Gateway.Live;
using Portcullis.Tokens;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Gateway.Registry;

public sealed class RegistryTokenTests
{
    private const string Service = "registry.example.com";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("repository:acme/app:pull", "registry:acme/app:pull", "pull")]
    [InlineData("repository:acme/app:push,pull", "registry:acme/*:pull,push", "pull,push")]
    [InlineData("repository:acme/app:pull,push", "registry:acme/*:pull", "pull")]
    [InlineData("repository:acme/app:pull,push", "registry:acme/*:pull registry:acme/app:push", "pull,push")]
    [InlineData("repository:acme/app:delete,*", "registry:*:pull,push,delete", "delete")]
    [InlineData("repository:acme/app:*", "registry:*:pull,push,delete", "")]
    [InlineData("repository:other/app:pull", "registry:acme/*:pull", "")]
    [InlineData("repository:acme/app:pull", "git:acme/app:pull", "")]
    [InlineData("repository(plugin):acme/app:pull", "registry:*:pull", "")]
    [InlineData("registry:catalog:*", "registry:*:pull", "")]
    [InlineData("repository:Acme/app:pull", "registry:*:pull", "")]
    [InlineData("repository:acme/../app:pull", "registry:*:pull", "")]
    [InlineData("repository:acme//app:pull", "registry:*:pull", "")]
    [InlineData("repository:acme/app%2f:pull", "registry:*:pull", "")]
    [InlineData("repository:api/server:pull", "registry:*:pull", "pull")]
    [InlineData("repository:a__b/c-d.e:pull", "registry:*:pull", "pull")]
    public void What_is_asked_for_is_narrowed_to_what_the_token_gives(string asked, string scope, string expected)
    {
        Assert.True(RegistryScope.TryParse(asked, out var read));
        Assert.Equal(expected, string.Join(',', read.AllowedBy(PermissionSet.FromScope(scope))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("repository")]
    [InlineData("repository:acme/app")]
    [InlineData("repository:acme/app:")]
    [InlineData("repository::pull")]
    [InlineData(":acme/app:pull")]
    [InlineData("repository:acme/app:pull,,push")]
    [InlineData("repository:acme/app:pull\"")]
    [InlineData("repository:größe:pull")]
    public void Rejects_a_scope_that_is_none(string text) => Assert.False(RegistryScope.TryParse(text, out _));

    [Fact]
    public async Task Docker_gets_a_token_with_the_access_that_the_password_gives()
    {
        await using var registry = await StartAsync();
        var holder = registry.Token("registry:acme/*:pull,push git:acme/app:pull", change: request => request with { TokenId = "t-1" });
        JsonElement answer = await GetAsync(registry, $"/token?account=alice&client_id=docker&offline_token=true&service={Service}&scope=repository%3Aacme%2Fapp%3Apull%2Cpush&scope=repository:other/base:pull", holder);
        Assert.Equal(answer.GetProperty("token").GetString(), answer.GetProperty("access_token").GetString());
        Assert.Equal(300, answer.GetProperty("expires_in").GetInt32());
        Assert.True(DateTimeOffset.TryParse(answer.GetProperty("issued_at").GetString(), out _));
        Assert.False(answer.TryGetProperty("refresh_token", out _));

        var (header, payload) = Verify(registry, answer.GetProperty("token").GetString()!);
        Assert.Equal("JWT", header.GetProperty("typ").GetString());
        Assert.Equal("ES256", header.GetProperty("alg").GetString());
        Assert.False(header.TryGetProperty("x5c", out _));
        Assert.Equal(GatewayServer.Audience, payload.GetProperty("iss").GetString());
        Assert.Equal("alice", payload.GetProperty("sub").GetString());
        Assert.Equal(Service, payload.GetProperty("aud").GetString());
        Assert.Equal(payload.GetProperty("iat").GetInt64() + 300, payload.GetProperty("exp").GetInt64());
        Assert.Equal("""[{"type":"repository","name":"acme/app","actions":["pull","push"]}]""", payload.GetProperty("access").GetRawText());

        AuditRecord record = Assert.Single(await registry.AuditAsync()).Record!;
        Assert.Equal(AuditEvents.TokenIssued, record.Event);
        Assert.Equal("registry repository:acme/app:pull,push", record.Operation);
        Assert.Equal("t-1", record.TokenId);
    }

    [Fact]
    public async Task A_sign_in_without_a_scope_gives_a_token_that_opens_nothing()
    {
        await using var registry = await StartAsync();
        JsonElement answer = await GetAsync(registry, $"/token?account=alice&service={Service}", registry.Token("git:acme/app:pull"));
        var (_, payload) = Verify(registry, answer.GetProperty("token").GetString()!);
        Assert.Equal(0, payload.GetProperty("access").GetArrayLength());
    }

    [Theory]
    [InlineData("password", "password")]
    [InlineData("refresh_token", "refresh_token")]
    public async Task The_OAuth_variant_takes_the_token_in_the_form(string grantType, string field)
    {
        await using var registry = await StartAsync();
        using HttpClient client = registry.Client();
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = grantType, ["service"] = Service, ["client_id"] = "docker", ["username"] = "alice", ["access_type"] = "offline",
            [field] = registry.Token("registry:acme/*:pull"), ["scope"] = "repository:acme/app:pull,push repository:acme/base:pull",
        };
        using HttpResponseMessage response = await client.PostAsync("/token", new FormUrlEncodedContent(form), Stop);
        JsonElement answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Stop)).RootElement;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("repository:acme/app:pull repository:acme/base:pull", answer.GetProperty("scope").GetString());
        var (_, payload) = Verify(registry, answer.GetProperty("access_token").GetString()!);
        Assert.Equal(2, payload.GetProperty("access").GetArrayLength());

        form[field] = "nonsense";
        using HttpResponseMessage refused = await client.PostAsync("/token", new FormUrlEncodedContent(form), Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("\"invalid_grant\"", await refused.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_valid_token_there_is_none()
    {
        await using var registry = await StartAsync();
        var path = $"/token?service={Service}&scope=repository:acme/app:pull";
        using HttpClient anonymous = registry.Client();
        using HttpResponseMessage none = await anonymous.GetAsync(path, Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, none.StatusCode);
        Assert.Equal("Basic realm=\"Portcullis\"", none.Headers.WwwAuthenticate.ToString());
        Assert.Contains("UNAUTHORIZED", await none.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);

        var revoked = registry.Token("registry:acme/*:pull", change: request => request with { TokenId = "t-1" });
        registry.Revocations.TryAdd(new RevocationEntry { Kind = RevocationKind.Token, Value = "t-1", ExpiresAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1) });
        foreach (var bad in new[] { revoked, "nonsense", registry.Token("registry:acme/*:pull", change: request => request with { Audiences = ["https://elsewhere.example"] }) })
        {
            using HttpClient client = Basic(registry, bad);
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(path, Stop)).StatusCode);
        }

        // Never from a query or a cookie.
        var good = registry.Token("registry:acme/*:pull");
        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.GetAsync($"{path}&password={good}&token={good}&access_token={good}", Stop)).StatusCode);
        anonymous.DefaultRequestHeaders.Add("Cookie", "token=" + good);
        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.GetAsync(path, Stop)).StatusCode);
    }

    [Theory]
    [InlineData("/token")]
    [InlineData("/token?service=")]
    [InlineData("/token?service=other.example.com")]
    [InlineData("/token?service=registry.example.com&service=registry.example.com")]
    [InlineData("/token?service=registry.example.com&scope=repository:acme/app")]
    public async Task A_request_that_is_none_is_400(string path)
    {
        await using var registry = await StartAsync();
        using HttpClient client = Basic(registry, registry.Token("registry:*:pull"));
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync(path, Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsync("/token", new StringContent("{}", Encoding.UTF8, "application/json"), Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsync("/token", new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("service", Service)]), Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.DeleteAsync("/token", Stop)).StatusCode);
    }

    [Fact]
    public async Task A_registrys_token_never_outlives_the_one_that_it_was_given_for_and_opens_nothing_of_Git()
    {
        await using var registry = await StartAsync();
        var holder = registry.Token("registry:acme/*:pull git:acme/app:pull", change: request => request with { Lifetime = TimeSpan.FromSeconds(90) });
        JsonElement answer = await GetAsync(registry, $"/token?service={Service}&scope=repository:acme/app:pull", holder);
        Assert.InRange(answer.GetProperty("expires_in").GetInt32(), 1, 90);

        // Another key, another type, another audience.
        var token = answer.GetProperty("token").GetString()!;
        TokenResult result = await registry.Service<TokenValidator>().ValidateAsync(token, default, Stop);
        Assert.False(result.IsValid);
        using HttpClient client = Basic(registry, token);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync($"/token?service={Service}", Stop)).StatusCode);
    }

    [Fact]
    public void The_key_is_known_to_distribution_2_by_its_certificate_and_to_3_by_its_key_set()
    {
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using RegistryKey key = RegistryKey.FromPem(ecdsa.ExportPkcs8PrivateKeyPem());
        Assert.Matches("^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$", key.KeyId);
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(key.Certificate.Span));
        Assert.Equal(ecdsa.ExportSubjectPublicKeyInfo(), certificate.PublicKey.ExportSubjectPublicKeyInfo());
        JsonElement jwk = Assert.Single(JsonDocument.Parse(key.Jwks).RootElement.GetProperty("keys").EnumerateArray());
        Assert.Equal(key.KeyId, jwk.GetProperty("kid").GetString());
        Assert.False(jwk.TryGetProperty("d", out _));

        // The same key has the same name; anything else is no key for this.
        using RegistryKey again = RegistryKey.FromPem(ecdsa.ExportPkcs8PrivateKeyPem());
        Assert.Equal(key.KeyId, again.KeyId);
        using ECDsa larger = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.ThrowsAny<CryptographicException>(() => RegistryKey.FromPem(larger.ExportPkcs8PrivateKeyPem()));
        Assert.ThrowsAny<CryptographicException>(() => RegistryKey.FromPem(ecdsa.ExportSubjectPublicKeyInfoPem()));
        Assert.ThrowsAny<CryptographicException>(() => RegistryKey.FromPem("nonsense"));
    }

    [Fact]
    public async Task Its_public_halves_are_there_for_registries()
    {
        await using var registry = await StartAsync();
        using HttpClient client = registry.Client();
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", await client.GetStringAsync("/token/certificate.pem", Stop), StringComparison.Ordinal);
        Assert.Contains("\"ES256\"", await client.GetStringAsync("/token/jwks.json", Stop), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.PostAsync("/token/jwks.json", null, Stop)).StatusCode);
    }

    private static Task<GatewayServer> StartAsync() => GatewayServer.StartAsync(add: services =>
    {
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        services.AddPortcullisRegistry(new RegistryOptions { Services = [Service], Issuer = GatewayServer.Audience }, RegistryKey.FromPem(ecdsa.ExportPkcs8PrivateKeyPem()));
    });

    private static HttpClient Basic(GatewayServer registry, string token)
    {
        HttpClient client = registry.Client();
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:" + token)));
        return client;
    }

    private static async Task<JsonElement> GetAsync(GatewayServer registry, string path, string token)
    {
        using HttpClient client = Basic(registry, token);
        using HttpResponseMessage response = await client.GetAsync(path, Stop);
        var text = await response.Content.ReadAsStringAsync(Stop);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement;
    }

    // As distribution 3 does it: the key of that name in the key set.
    private static (JsonElement Header, JsonElement Payload) Verify(GatewayServer registry, string token)
    {
        var parts = token.Split('.');
        JsonElement header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0])).RootElement;
        var key = registry.Service<RegistryKey>();
        JsonElement jwk = JsonDocument.Parse(key.Jwks).RootElement.GetProperty("keys")[0];
        Assert.Equal(jwk.GetProperty("kid").GetString(), header.GetProperty("kid").GetString());
        using ECDsa ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Base64Url.DecodeFromChars(jwk.GetProperty("x").GetString()), Y = Base64Url.DecodeFromChars(jwk.GetProperty("y").GetString()) },
        });
        Assert.True(ecdsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256));
        return (header, JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1])).RootElement);
    }
}
