using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Access.Permissions;
using Portcullis.Audit;
using Portcullis.Gateway.Registry;
using Portcullis.Server.Configuration.Policies;
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
    [InlineData("repository:api/server:pull", "registry:api/server:pull", "pull")]
    [InlineData("repository:a__b/c-d.e:pull", "registry:*:pull", "pull")]
    public void What_is_asked_for_is_narrowed_to_what_the_token_gives(string asked, string scope, string expected)
    {
        Assert.True(RegistryScope.TryParse(asked, out var read));
        Assert.Equal(expected, string.Join(',', read.Allowed(PermissionSet.FromScope(scope).Covers)));
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
        Assert.Equal(60, answer.GetProperty("expires_in").GetInt32());
        Assert.True(DateTimeOffset.TryParse(answer.GetProperty("issued_at").GetString(), out _));
        Assert.False(answer.TryGetProperty("refresh_token", out _));

        var (header, payload) = Verify(registry, answer.GetProperty("token").GetString()!);
        Assert.Equal("JWT", header.GetProperty("typ").GetString());
        Assert.Equal("ES256", header.GetProperty("alg").GetString());
        Assert.False(header.TryGetProperty("kid", out _), "distribution looks a kid up in its bundle where it does not understand x5c: no name, no mistake");
        Assert.Equal(GatewayServer.Audience, payload.GetProperty("iss").GetString());
        Assert.Equal("alice", payload.GetProperty("sub").GetString());
        Assert.Equal(Service, payload.GetProperty("aud").GetString());
        Assert.Equal(payload.GetProperty("iat").GetInt64() + 60, payload.GetProperty("exp").GetInt64());
        Assert.Equal("""[{"type":"repository","name":"acme/app","actions":["pull","push"]}]""", payload.GetProperty("access").GetRawText());

        AuditRecord record = Assert.Single(await registry.AuditAsync()).Record!;
        Assert.Equal(AuditEvents.TokenIssued, record.Event);
        Assert.Equal("registry repository:acme/app:pull,push", record.Operation);
        Assert.Equal("t-1", record.TokenId);
    }

    [Fact]
    public async Task What_a_rule_denies_is_left_out_whatever_the_token_says()
    {
        await using var registry = await StartAsync();
        registry.Current = PolicyReader.Read("rules: [ { deny: [ 'registry:releases/*:push,delete' ] } ]"u8, "policy.yaml").Policy!;
        var holder = registry.Token("registry:*:pull,push,delete");
        JsonElement answer = await GetAsync(registry, $"/token?service={Service}&scope=repository:releases/app:pull,push,delete&scope=repository:acme/app:push", holder);
        var (_, payload) = Verify(registry, answer.GetProperty("token").GetString()!);
        Assert.Equal(
            """[{"type":"repository","name":"releases/app","actions":["pull"]},{"type":"repository","name":"acme/app","actions":["push"]}]""", payload.GetProperty("access").GetRawText());
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
        var holder = registry.Token("registry:acme/*:pull git:acme/app:pull", change: request => request with { Lifetime = TimeSpan.FromSeconds(30) });
        JsonElement answer = await GetAsync(registry, $"/token?service={Service}&scope=repository:acme/app:pull", holder);
        Assert.InRange(answer.GetProperty("expires_in").GetInt32(), 1, 30);

        // Another key, another type, another audience.
        var token = answer.GetProperty("token").GetString()!;
        TokenResult result = await registry.Service<TokenValidator>().ValidateAsync(token, default, Stop);
        Assert.False(result.IsValid);
        using HttpClient client = Basic(registry, token);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync($"/token?service={Service}", Stop)).StatusCode);
    }

    [Fact]
    public void The_key_that_signs_is_followed_by_another_and_one_root_vouches_for_both()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using RegistryRoot root = NewRoot();
        var options = new RegistryOptions { Services = [Service], Issuer = GatewayServer.Audience };
        using var signer = new RegistrySigner(root, options, clock);
        using var otherNode = new RegistrySigner(root, options, clock);
        var first = signer.Sign("{}"u8.ToArray());
        Assert.Equal(KeyOf(first), KeyOf(signer.Sign("{}"u8.ToArray())));
        Assert.NotEqual(KeyOf(first), KeyOf(otherNode.Sign("{}"u8.ToArray())));

        clock.Advance(RegistrySigner.KeyLifetime - TimeSpan.FromSeconds(1));
        var last = signer.Sign("{}"u8.ToArray());
        Assert.Equal(KeyOf(first), KeyOf(last));
        clock.Advance(TimeSpan.FromSeconds(1));
        var next = signer.Sign("{}"u8.ToArray());
        Assert.NotEqual(KeyOf(first), KeyOf(next));

        // What the first key signed last is good for its whole life and distribution's minute, and nothing that it signs is good for long.
        DateTimeOffset end = clock.GetUtcNow() + options.TokenLifetime + TimeSpan.FromMinutes(1);
        VerifyByRoot(root, last, end);
        VerifyByRoot(root, next, end);
        Assert.ThrowsAny<Exception>(() => VerifyByRoot(root, last, end + TimeSpan.FromMinutes(5)));
        using RegistryRoot other = NewRoot();
        Assert.ThrowsAny<Exception>(() => VerifyByRoot(other, next, clock.GetUtcNow()));
    }

    [Fact]
    public void The_root_signs_certificates_alone_and_is_the_same_for_the_same_key()
    {
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using RegistryRoot root = RegistryRoot.FromPem(ecdsa.ExportPkcs8PrivateKeyPem());
        using RegistryRoot again = RegistryRoot.FromPem(ecdsa.ExportPkcs8PrivateKeyPem());
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(root.Certificate.Span));
        using X509Certificate2 same = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(again.Certificate.Span));
        Assert.Equal(ecdsa.ExportSubjectPublicKeyInfo(), certificate.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(certificate.SerialNumber, same.SerialNumber);
        X509BasicConstraintsExtension constraints = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(constraints is { CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0, Critical: true });
        Assert.Equal(X509KeyUsageFlags.KeyCertSign, certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);

        // Made by one, trusted with the other: nodes that share the key are one to a registry.
        using var signer = new RegistrySigner(root, new RegistryOptions { Services = [Service], Issuer = GatewayServer.Audience }, TimeProvider.System);
        VerifyByRoot(again, signer.Sign("{}"u8.ToArray()), TimeProvider.System.GetUtcNow());

        // Anything else is no key for this.
        using ECDsa larger = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.ThrowsAny<CryptographicException>(() => RegistryRoot.FromPem(larger.ExportPkcs8PrivateKeyPem()));
        Assert.ThrowsAny<CryptographicException>(() => RegistryRoot.FromPem(ecdsa.ExportSubjectPublicKeyInfoPem()));
        Assert.ThrowsAny<CryptographicException>(() => RegistryRoot.FromPem("nonsense"));
    }

    [Fact]
    public async Task The_root_is_there_for_registries()
    {
        await using var registry = await StartAsync();
        using HttpClient client = registry.Client();
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", await client.GetStringAsync("/token/certificate.pem", Stop), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.PostAsync("/token/certificate.pem", null, Stop)).StatusCode);
    }

    private static Task<GatewayServer> StartAsync() => GatewayServer.StartAsync(add: services =>
        services.AddPortcullisRegistry(new RegistryOptions { Services = [Service], Issuer = GatewayServer.Audience }, NewRoot()));

    private static RegistryRoot NewRoot()
    {
        using ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return RegistryRoot.FromPem(ecdsa.ExportPkcs8PrivateKeyPem());
    }

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

    private static (JsonElement Header, JsonElement Payload) Verify(GatewayServer registry, string token) =>
        VerifyByRoot(registry.Service<RegistryRoot>(), token, TimeProvider.System.GetUtcNow());

    // As distribution does it: by the certificate in the token, which the root vouches for.
    private static (JsonElement Header, JsonElement Payload) VerifyByRoot(RegistryRoot root, string token, DateTimeOffset at)
    {
        var parts = token.Split('.');
        JsonElement header = HeaderOf(token);
        var encoded = Assert.Single(header.GetProperty("x5c").EnumerateArray()).GetString()!;
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(encoded));
        using X509Certificate2 trusted = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(root.Certificate.Span));
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, VerificationTime = at.UtcDateTime } };
        chain.ChainPolicy.CustomTrustStore.Add(trusted);
        Assert.True(chain.Build(certificate), string.Join(' ', chain.ChainStatus.Select(status => status.StatusInformation)));
        using ECDsa key = certificate.GetECDsaPublicKey()!;
        Assert.True(key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256));
        return (header, JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1])).RootElement);
    }

    // The header is the same as long as the key is.
    private static string KeyOf(string token) => token.Split('.')[0];

    private static JsonElement HeaderOf(string token) => JsonElement.Parse(Base64Url.DecodeFromChars(token.Split('.')[0]));
}
