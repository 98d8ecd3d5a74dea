using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Portcullis.Tokens.Keys;

internal enum KeyFamily
{
    Ecdsa,
    Rsa,
    Hmac,
}

/// <summary>What RFC 7518 §3 demands of the key and of the signature, for one algorithm name.</summary>
/// <param name="Name">The <c>alg</c> value.</param>
/// <param name="Family">The only kind of key that may be used with it.</param>
/// <param name="Curve">The only curve, for ECDSA (RFC 7518 §3.4).</param>
/// <param name="MinimumKeyBits">HMAC: the hash's size (§3.2). RSA: 2048 (§3.3).</param>
/// <param name="SignatureBytes">The exact length; 0 where the key's own size decides (RSA).</param>
internal sealed record AlgorithmDescriptor(string Name, KeyFamily Family, string? Curve, int MinimumKeyBits, int SignatureBytes)
{
    private static readonly FrozenDictionary<string, AlgorithmDescriptor> s_all = new AlgorithmDescriptor[]
    {
        new(SignatureAlgorithms.ES256, KeyFamily.Ecdsa, "P-256", 256, 64),
        new(SignatureAlgorithms.ES384, KeyFamily.Ecdsa, "P-384", 384, 96),
        new(SignatureAlgorithms.ES512, KeyFamily.Ecdsa, "P-521", 521, 132),
        new(SignatureAlgorithms.RS256, KeyFamily.Rsa, null, 2048, 0),
        new(SignatureAlgorithms.RS384, KeyFamily.Rsa, null, 2048, 0),
        new(SignatureAlgorithms.RS512, KeyFamily.Rsa, null, 2048, 0),
        new(SignatureAlgorithms.PS256, KeyFamily.Rsa, null, 2048, 0),
        new(SignatureAlgorithms.PS384, KeyFamily.Rsa, null, 2048, 0),
        new(SignatureAlgorithms.PS512, KeyFamily.Rsa, null, 2048, 0),
        new(SignatureAlgorithms.HS256, KeyFamily.Hmac, null, 256, 32),
        new(SignatureAlgorithms.HS384, KeyFamily.Hmac, null, 384, 48),
        new(SignatureAlgorithms.HS512, KeyFamily.Hmac, null, 512, 64),
    }.ToFrozenDictionary(a => a.Name, StringComparer.Ordinal);

    public static ECCurve NamedCurve(string curve) => curve switch
    {
        "P-256" => ECCurve.NamedCurves.nistP256,
        "P-384" => ECCurve.NamedCurves.nistP384,
        "P-521" => ECCurve.NamedCurves.nistP521,
        _ => throw new ArgumentOutOfRangeException(nameof(curve)),
    };

    public static AlgorithmDescriptor? Find(string name) => s_all.GetValueOrDefault(name);
}
