using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Tokens;

/// <summary>
/// A validator with issuers of every kind, and the means to forge: tokens are written by hand here and signed with the issuer's true key, so that nothing but the flaw under test can
/// refuse them.
/// </summary>
internal sealed class AttackBench
{
    public const string EcIssuer = "https://ec.example";
    public const string RsaIssuer = "https://rsa.example";
    public const string HmacIssuer = "https://hmac.example";
    public const string PlainIssuer = "https://plain.example";
    public const string MixedIssuer = "https://mixed.example";
    public const string AwayIssuer = "https://away.example";
    public const string Audience = "https://git.example";

    private static readonly RSA s_rsa = RSA.Create(2048);
    private static readonly RSA s_smallRsa = RSA.Create(1024);
    private static readonly SigningKey s_rsaKey = SigningKey.FromPem(s_rsa.ExportPkcs8PrivateKeyPem(), SignatureAlgorithms.RS256);
    private static readonly SigningKey s_pssKey = SigningKey.FromPem(s_rsa.ExportPkcs8PrivateKeyPem(), SignatureAlgorithms.PS256);

    private static readonly SigningKey s_ecKey = SigningKey.Create(SignatureAlgorithms.ES256);
    private static readonly SigningKey s_secondEcKey = SigningKey.Create(SignatureAlgorithms.ES256);
    private static readonly SigningKey s_ecKey384 = SigningKey.Create(SignatureAlgorithms.ES384);

    public static readonly byte[] Secret = Encoding.ASCII.GetBytes("a shared secret of more than thirty-two bytes");

    public AttackBench()
    {
        MixedRing = new SigningKeyRing(EcKey);
        MixedRing.Add(EcKey384);
        MixedRing.Add(s_rsaKey);
        TrustedIssuer Trust(string issuer, IKeySetSource source, params string[] algorithms) => new() { Issuer = issuer, Audiences = [Audience], Algorithms = algorithms, KeySource = source };

        string small = Jwk(s_smallRsa.ExportParameters(false), "small");
        Issuers =
        [
            Trust(EcIssuer, new SigningKeyRing(EcKey), "ES256"),
            Trust(RsaIssuer, new SigningKeyRing(s_rsaKey), "RS256"),
            Trust(HmacIssuer, new StaticKeySetSource(SharedSecret.ToKeySet(Secret, 256, null)), "HS256"),
            Trust(PlainIssuer, new SigningKeyRing(EcKey), "ES256") with { Types = ["JWT"] },
            Trust(MixedIssuer, MixedRing, [.. SignatureAlgorithms.Asymmetric]),
            Trust("https://small.example", new StaticKeySetSource(KeySet.ParseJwks(Encoding.UTF8.GetBytes($$"""{"keys":[{{small}}]}"""))), "RS256"),
            Trust(AwayIssuer, new AwaySource(), "ES256"),
        ];
        Validator = new TokenValidator(Issuers, Time, Revocations);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero));

    public RevocationList Revocations => field ??= new RevocationList(Time);

    public long Now => Time.GetUtcNow().ToUnixTimeSeconds();

    public IReadOnlyList<TrustedIssuer> Issuers { get; }

    public TokenValidator Validator { get; }

    public SigningKey EcKey => s_ecKey;

    public SigningKey EcKey384 => s_ecKey384;

    public SigningKey SecondEcKey => s_secondEcKey;

    public SigningKeyRing MixedRing { get; }

    public SigningKey RsaKey => s_rsaKey;

    public SigningKey PssKey => s_pssKey;

    public RSA SmallRsa => s_smallRsa;

    public string RsaPublicPem => s_rsa.ExportSubjectPublicKeyInfoPem();

    public byte[] RsaModulus => s_rsa.ExportParameters(false).Modulus!;

    /// <summary>A header that EcIssuer's tokens have, changed.</summary>
    public JsonObject Header(Action<JsonObject>? change = null) => Changed(new JsonObject { ["typ"] = "at+jwt", ["alg"] = "ES256", ["kid"] = EcKey.KeyId }, change);

    /// <summary>Claims that pass, changed.</summary>
    public JsonObject Claims(Action<JsonObject>? change = null) => Changed(
        new JsonObject { ["iss"] = EcIssuer, ["sub"] = "alice", ["aud"] = Audience, ["exp"] = Now + 600, ["iat"] = Now, ["jti"] = "t-1", ["scope"] = "git:acme/app:pull" },
        change);

    /// <summary>A token of EcIssuer, truly signed, with one thing changed in its header.</summary>
    public string WithHeader(Action<JsonObject> change) => Sign(Header(change).ToJsonString(), Claims().ToJsonString());

    /// <summary>A token of EcIssuer, truly signed, with one thing changed in its claims.</summary>
    public string WithClaims(Action<JsonObject> change) => Sign(Header().ToJsonString(), Claims(change).ToJsonString());

    /// <summary>A token of EcIssuer, truly signed, with a claim put in as raw JSON.</summary>
    public string WithRawClaim(string name, string json) => Sign(Header().ToJsonString(), Claims(c => c[name] = "@@").ToJsonString().Replace("\"@@\"", json, StringComparison.Ordinal));

    public string Sign(string header, string payload, SigningKey? key = null) => SignBytes(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(payload), key);

    public string SignBytes(byte[] header, byte[] payload, SigningKey? key = null)
    {
        string input = $"{Encode(header)}.{Encode(payload)}";
        return $"{input}.{Encode((key ?? EcKey).Sign(Encoding.ASCII.GetBytes(input)))}";
    }

    /// <summary>A good token of EcIssuer with another signature.</summary>
    public string WithSignature(byte[] signature) => Unsigned() + "." + Encode(signature);

    /// <summary>Header and claims that pass, with the dot between them.</summary>
    public string Unsigned() => $"{Encode(Encoding.UTF8.GetBytes(Header().ToJsonString()))}.{Encode(Encoding.UTF8.GetBytes(Claims().ToJsonString()))}";

    public string Valid() => Sign(Header().ToJsonString(), Claims().ToJsonString());

    /// <summary>A token that claims to be HS256 and is keyed with whatever the attacker thinks a sloppy verifier would use.</summary>
    public string HmacWith(byte[] secret, string issuer, string? keyId)
    {
        string header = Header(h =>
        {
            h["alg"] = "HS256";
            h.Remove("kid");
            if (keyId is not null)
            {
                h["kid"] = keyId;
            }
        }).ToJsonString();
        string input = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(Claims(c => c["iss"] = issuer).ToJsonString()))}";
        return $"{input}.{Encode(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(input)))}";
    }

    public static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);

    public static string Jwk(RSAParameters key, string keyId) => $$"""{"kty":"RSA","kid":"{{keyId}}","n":"{{Encode(key.Modulus!)}}","e":"{{Encode(key.Exponent!)}}"}""";

    private static JsonObject Changed(JsonObject json, Action<JsonObject>? change)
    {
        change?.Invoke(json);
        return json;
    }

    private sealed class AwaySource : IKeySetSource
    {
        public bool IsSymmetric => false;

        public KeySetSourceStatus Status => new("away", 0, null, "away");

        public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => default;

        public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => default;
    }
}
