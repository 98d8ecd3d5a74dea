using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Portcullis.Tokens.Validation;

namespace Portcullis.Tokens.Keys;

/// <summary>One JSON Web Key as a verification key (RFC 7517 §4, RFC 7518 §6). Only public members are ever looked at.</summary>
internal static class JwkReader
{
    /// <summary>Verifying costs with the square of the size: a larger key is an attack on us, or a mistake.</summary>
    private const int MaximumRsaBits = 8192;

    /// <summary>The key; <see langword="null"/> without a problem when it isn't meant for signatures, with one when it is but can't be used.</summary>
    public static VerificationKey? Read(JsonElement jwk, out string? problem)
    {
        problem = null;
        if (jwk.ValueKind != JsonValueKind.Object || Text(jwk, "kty", out bool malformed) is not { } type || malformed)
        {
            problem = "not an object with a \"kty\".";
            return null;
        }

        string? keyId = Text(jwk, "kid", out bool badKeyId);
        string? algorithm = Text(jwk, "alg", out bool badAlgorithm);
        string? use = Text(jwk, "use", out bool badUse);
        if (badKeyId || badAlgorithm || badUse)
        {
            problem = "\"kid\", \"alg\" and \"use\" must be strings of 1 to 256 characters.";
            return null;
        }

        if (use is not (null or "sig") || !MayVerify(jwk))
        {
            return null;
        }

        try
        {
            return type switch
            {
                "EC" => ReadEllipticCurve(jwk, keyId, algorithm, out problem),
                "RSA" => ReadRsa(jwk, keyId, algorithm, out problem),
                // A secret in a published document is no secret; and it must never verify what a public key should (RFC 8725 §2.1).
                "oct" => Skip("a shared secret (\"kty\": \"oct\") has no place in a key set.", out problem),
                _ => null,
            };
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or NotSupportedException or InvalidOperationException)
        {
            problem = "the platform refuses this key (is the point on its curve?).";
            return null;
        }
    }

    private static VerificationKey? ReadEllipticCurve(JsonElement jwk, string? keyId, string? algorithm, out string? problem)
    {
        problem = null;
        string? curve = Text(jwk, "crv", out _);
        (string? name, int size) = curve switch
        {
            "P-256" => (SignatureAlgorithms.ES256, 32),
            "P-384" => (SignatureAlgorithms.ES384, 48),
            "P-521" => (SignatureAlgorithms.ES512, 66),
            _ => (null, 0),
        };
        if (name is null)
        {
            return null;
        }

        // RFC 7518 §6.2.1.2: the full size of a coordinate, leading zeros included.
        if (Octets(jwk, "x") is not { } x || Octets(jwk, "y") is not { } y || x.Length != size || y.Length != size)
        {
            return Skip("\"x\" and \"y\" must be base64url of the curve's full coordinate size.", out problem);
        }

        // Throws for a point that isn't on the curve; the library under us would find out with the first token only.
        var parameters = new ECParameters { Curve = AlgorithmDescriptor.NamedCurve(curve!), Q = new ECPoint { X = x, Y = y } };
        using (ECDsa.Create(parameters))
        {
        }

        var key = new JsonWebKey { Kty = "EC", Crv = curve, X = Base64UrlEncoder.Encode(x), Y = Base64UrlEncoder.Encode(y) };
        var verification = new VerificationKey(key, KeyFamily.Ecdsa, curve, AlgorithmDescriptor.Find(name)!.MinimumKeyBits, keyId, algorithm, Base64UrlEncoder.Encode(key.ComputeJwkThumbprint()));
        verification.Prepare(AlgorithmDescriptor.Find(name)!);
        return verification;
    }

    private static VerificationKey? ReadRsa(JsonElement jwk, string? keyId, string? algorithm, out string? problem)
    {
        problem = null;
        if (Octets(jwk, "n") is not { Length: > 0 } modulus || Octets(jwk, "e") is not { Length: > 0 and <= 8 } exponent)
        {
            return Skip("\"n\" and \"e\" must be base64url.", out problem);
        }

        var n = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        var e = new BigInteger(exponent, isUnsigned: true, isBigEndian: true);
        int bits = (int)n.GetBitLength();
        if (bits > MaximumRsaBits || n.IsEven || e.IsEven || e < 3 || e > uint.MaxValue)
        {
            return Skip("an RSA key must have an odd modulus of at most 8192 bits and an odd exponent from 3 to 2^32.", out problem);
        }

        // Too small a key stays in the set, so that the refusal can say that it is unsuitable rather than unknown.
        if (bits < 2048)
        {
            problem = "an RSA key of less than 2048 bits verifies nothing (RFC 7518 §3.3).";
        }

        var parameters = new RSAParameters { Modulus = n.ToByteArray(isUnsigned: true, isBigEndian: true), Exponent = e.ToByteArray(isUnsigned: true, isBigEndian: true) };
        var key = new RsaSecurityKey(parameters);
        var verification = new VerificationKey(key, KeyFamily.Rsa, curve: null, bits, keyId, algorithm, Base64UrlEncoder.Encode(key.ComputeJwkThumbprint()));
        if (bits >= 2048)
        {
            verification.Prepare(AlgorithmDescriptor.Find(SignatureAlgorithms.RS256)!);
        }

        return verification;
    }

    // RFC 7517 §4.3.
    private static bool MayVerify(JsonElement jwk) =>
        !jwk.TryGetProperty("key_ops"u8, out JsonElement operations)
        || (operations.ValueKind == JsonValueKind.Array && operations.EnumerateArray().Any(o => o.ValueKind == JsonValueKind.String && o.ValueEquals("verify"u8)));

    private static byte[]? Octets(JsonElement jwk, string name) =>
        jwk.TryGetProperty(name, out JsonElement value) && JsonText.TryGetString(value, out string? text) ? StrictBase64Url.TryDecode(text) : null;

    private static string? Text(JsonElement jwk, string name, out bool malformed)
    {
        malformed = false;
        if (!jwk.TryGetProperty(name, out JsonElement value))
        {
            return null;
        }

        malformed = !JsonText.TryGetString(value, out string? text) || text.Length is 0 or > 256;
        return malformed ? null : text;
    }

    private static VerificationKey? Skip(string reason, out string? problem)
    {
        problem = reason;
        return null;
    }
}
