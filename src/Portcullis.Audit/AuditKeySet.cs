using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Portcullis.Audit;

/// <summary>The public keys that may have signed a log's checkpoints: a JWK set (RFC 7517 §5) or a single key.</summary>
public sealed class AuditKeySet
{
    private delegate bool SignatureCheck(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);

    private readonly Dictionary<string, SignatureCheck> _keys = new(StringComparer.Ordinal);

    private AuditKeySet()
    {
    }

    /// <summary>The ids of the keys that can be used.</summary>
    public IReadOnlyCollection<string> KeyIds => _keys.Keys;

    /// <summary>
    /// Reads the keys. EC keys on P-256, P-384 and P-521 verify ES256, ES384 and ES512; RSA keys of at least 2,048 bits verify what their
    /// <c>alg</c> names (RS256 to PS512; PS256 without one). Others, and keys without <c>kid</c>, are passed over (RFC 7517 §5).
    /// </summary>
    /// <param name="json">The JWK set, or one JWK.</param>
    /// <exception cref="FormatException">It is neither.</exception>
    public static AuditKeySet Parse(string json)
    {
        var set = new AuditKeySet();
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("A JWK set is a JSON object.");
            }

            if (document.RootElement.TryGetProperty("keys", out var keys))
            {
                foreach (var key in keys.EnumerateArray())
                {
                    set.Add(key);
                }
            }
            else
            {
                set.Add(document.RootElement);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or CryptographicException)
        {
            throw new FormatException("The JWK set can't be read.", e);
        }

        return set;
    }

    internal bool Contains(string keyId) => _keys.ContainsKey(keyId);

    internal bool Verify(string keyId, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
        => _keys.TryGetValue(keyId, out var check) && check(data, signature);

    private void Add(JsonElement jwk)
    {
        if (Member(jwk, "kid") is not { Length: > 0 } keyId || Member(jwk, "use") is not (null or "sig"))
        {
            return;
        }

        SignatureCheck? check = Member(jwk, "kty") switch
        {
            "EC" => Ecdsa(jwk),
            "RSA" => Rsa(jwk),
            _ => null,
        };
        if (check is not null && !_keys.TryAdd(keyId, check))
        {
            throw new FormatException("Two keys of the JWK set have the same kid.");
        }
    }

    private static SignatureCheck? Ecdsa(JsonElement jwk)
    {
        (ECCurve Curve, HashAlgorithmName Hash)? kind = Member(jwk, "crv") switch
        {
            "P-256" => (ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256),
            "P-384" => (ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384),
            "P-521" => (ECCurve.NamedCurves.nistP521, HashAlgorithmName.SHA512),
            _ => null,
        };
        if (kind is not var (curve, hash))
        {
            return null;
        }

        var key = ECDsa.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") } });
        return (data, signature) => key.VerifyData(data, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static SignatureCheck? Rsa(JsonElement jwk)
    {
        (HashAlgorithmName Hash, RSASignaturePadding Padding)? kind = Member(jwk, "alg") switch
        {
            "RS256" => (HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            "RS384" => (HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
            "RS512" => (HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
            "PS256" or null => (HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            "PS384" => (HashAlgorithmName.SHA384, RSASignaturePadding.Pss),
            "PS512" => (HashAlgorithmName.SHA512, RSASignaturePadding.Pss),
            _ => null,
        };
        if (kind is not var (hash, padding))
        {
            return null;
        }

        var key = RSA.Create(new RSAParameters { Modulus = Bytes(jwk, "n"), Exponent = Bytes(jwk, "e") });
        return key.KeySize < 2048 ? null : (data, signature) => key.VerifyData(data, signature, hash, padding);
    }

    private static string? Member(JsonElement jwk, string name)
        => jwk.ValueKind == JsonValueKind.Object && jwk.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[] Bytes(JsonElement jwk, string name)
        => Member(jwk, name) is { } text && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : throw new FormatException($"A key of the JWK set lacks {name}.");
}
