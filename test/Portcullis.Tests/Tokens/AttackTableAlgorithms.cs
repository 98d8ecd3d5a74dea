using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Portcullis.Tokens;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Tokens;

/// <summary>Algorithm confusion in every direction (RFC 8725 §2.1, §3.1), and signatures that only look like some.</summary>
internal static class AttackTableAlgorithms
{
    private const string OrderP256 = "00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

    public static AttackCase[] Cases { get; } =
    [
        .. None(),
        new("alg missing", TokenError.HeaderMalformed, b => b.WithHeader(h => h.Remove("alg"))),
        new("alg empty", TokenError.HeaderMalformed, b => b.WithHeader(h => h["alg"] = "")),
        new("alg a number", TokenError.HeaderMalformed, b => b.WithHeader(h => h["alg"] = 256)),
        new("alg null", TokenError.HeaderMalformed, b => b.WithHeader(h => h["alg"] = null)),
        new("alg an array", TokenError.HeaderMalformed, b => b.Sign("""{"typ":"at+jwt","alg":["ES256"]}""", b.Claims().ToJsonString())),
        new("alg in small letters", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = "es256")),
        new("alg with a space", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = "ES256 ")),
        new("alg with a NUL", TokenError.HeaderMalformed, b => b.WithHeader(h => h["alg"] = "ES256\0")),
        new("alg EdDSA, which isn't offered", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = "EdDSA")),
        new("alg ES256K, another curve of the same size", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = "ES256K")),
        new("alg RS1", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = "RS1")),
        new("alg RSA-OAEP, which encrypts", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = "RSA-OAEP")),
        new("alg dir", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = "dir")),
        new("alg of another of the issuer's algorithms than allowed", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = "ES384")),

        new("HS256 keyed with the RSA public key in PEM", TokenError.AlgorithmRefused, b => b.HmacWith(Encoding.ASCII.GetBytes(b.RsaPublicPem), AttackBench.RsaIssuer, b.RsaKey.KeyId)),
        new("HS256 keyed with the RSA public key in PEM and a line end", TokenError.AlgorithmRefused, b => b.HmacWith(Encoding.ASCII.GetBytes(b.RsaPublicPem + "\n"), AttackBench.RsaIssuer, b.RsaKey.KeyId)),
        new("HS256 keyed with the RSA modulus", TokenError.AlgorithmRefused, b => b.HmacWith(b.RsaModulus, AttackBench.RsaIssuer, b.RsaKey.KeyId)),
        new("HS256 keyed with the RSA public key as JWK", TokenError.AlgorithmRefused, b => b.HmacWith(Encoding.ASCII.GetBytes(b.RsaKey.ToJwk()), AttackBench.RsaIssuer, b.RsaKey.KeyId)),
        new("HS256 keyed with the EC public key as JWK", TokenError.AlgorithmRefused, b => b.HmacWith(Encoding.ASCII.GetBytes(b.EcKey.ToJwk()), AttackBench.EcIssuer, b.EcKey.KeyId)),
        new("HS256 keyed with nothing", TokenError.AlgorithmRefused, b => b.HmacWith([], AttackBench.EcIssuer, b.EcKey.KeyId)),
        new("HS256 at an issuer of many public keys", TokenError.AlgorithmRefused, b => b.HmacWith(Encoding.ASCII.GetBytes(b.RsaPublicPem), AttackBench.MixedIssuer, b.RsaKey.KeyId)),
        new("HS256 keyed with another secret", TokenError.SignatureInvalid, b => b.HmacWith(new byte[32], AttackBench.HmacIssuer, null)),
        new("HS256 keyed with nothing, at an issuer of a secret", TokenError.SignatureInvalid, b => b.HmacWith([], AttackBench.HmacIssuer, null)),
        new("ES256 by the attacker's key, at an issuer of a secret", TokenError.AlgorithmRefused, b => b.Sign(b.Header().ToJsonString(), b.Claims(c => c["iss"] = AttackBench.HmacIssuer).ToJsonString())),
        new("HS512 at an issuer of HS256", TokenError.AlgorithmRefused,
            b => b.Sign(b.Header(h => h["alg"] = "HS512").ToJsonString(), b.Claims(c => c["iss"] = AttackBench.HmacIssuer).ToJsonString(), SigningKey.FromSecret(new byte[64], "HS512"))),
        new("HS256 cut to 128 bits", TokenError.SignatureInvalid, b => CutHmac(b, 16)),
        new("HS256 cut to one byte", TokenError.SignatureInvalid, b => CutHmac(b, 1)),
        new("HS256 with a byte more", TokenError.SignatureInvalid, b => CutHmac(b, 33)),

        new("PS256 where RS256 is allowed", TokenError.AlgorithmRefused, b => Rsa(b, "PS256", b.PssKey)),
        new("an RSASSA-PSS signature under the name RS256", TokenError.SignatureInvalid, b => Rsa(b, "RS256", b.PssKey)),
        new("PS256 with a key that is published for RS256", TokenError.KeyUnsuitable, b => Mixed(b, "PS256", b.RsaKey.KeyId!, b.PssKey)),
        new("ES256 naming the key of ES384", TokenError.KeyUnsuitable, b => Mixed(b, "ES256", b.EcKey384.KeyId!, b.EcKey)),
        new("RS256 naming the key of ES256", TokenError.KeyUnsuitable, b => Mixed(b, "RS256", b.EcKey.KeyId!, b.RsaKey)),
        new("ES256 naming the RSA key", TokenError.KeyUnsuitable, b => Mixed(b, "ES256", b.RsaKey.KeyId!, b.EcKey)),
        new("ES512 where no key is for it", TokenError.KeyUnsuitable, b => Mixed(b, "ES512", b.EcKey384.KeyId!, SigningKey.Create("ES512"))),
        new("an RSA key of 1024 bits", TokenError.KeyUnsuitable, SmallRsa),

        new("r = s = 0 (CVE-2022-21449)", TokenError.SignatureInvalid, b => b.WithSignature(new byte[64])),
        new("r = 0", TokenError.SignatureInvalid, b => b.WithSignature(Ecdsa(0, 1))),
        new("s = 0", TokenError.SignatureInvalid, b => b.WithSignature(Ecdsa(1, 0))),
        new("r = s = 1", TokenError.SignatureInvalid, b => b.WithSignature(Ecdsa(1, 1))),
        new("r = s = n", TokenError.SignatureInvalid, b => b.WithSignature(Ecdsa(Order, Order))),
        new("r = n + 1", TokenError.SignatureInvalid, b => b.WithSignature(Ecdsa(Order + 1, 1))),
        new("all bits set", TokenError.SignatureInvalid, b => b.WithSignature(Filled(64, 0xff))),
        new("an ECDSA signature in DER", TokenError.SignatureInvalid, Der),
        new("the size of ES384", TokenError.SignatureInvalid, b => b.WithSignature(Filled(96, 1))),
        new("r and s with a zero byte before each", TokenError.SignatureInvalid, Stretched),
        new("one byte of signature", TokenError.SignatureInvalid, b => b.WithSignature([1])),
        new("four kilobytes of signature", TokenError.SignatureInvalid, b => b.WithSignature(Filled(4096, 7))),
        new("the signature of another token", TokenError.SignatureInvalid, b => b.Unsigned() + "." + b.WithClaims(c => c["sub"] = "mallory").Split('.')[2]),
        new("another key of the same kind under the same kid", TokenError.SignatureInvalid, b => b.Sign(b.Header().ToJsonString(), b.Claims().ToJsonString(), SigningKey.Create())),
        new("an RSA signature of 0", TokenError.SignatureInvalid, b => RsaSignature(b, new byte[256])),
        new("an RSA signature of 1", TokenError.SignatureInvalid, b => RsaSignature(b, [.. new byte[255], 1])),
        new("an RSA signature beyond the modulus", TokenError.SignatureInvalid, b => RsaSignature(b, Filled(256, 0xff))),
        new("an RSA signature with a zero byte before it", TokenError.SignatureInvalid, b => RsaSignature(b, [0, .. Bytes(Rsa(b, "RS256", b.RsaKey))])),
        new("an RSA signature cut short", TokenError.SignatureInvalid, b => RsaSignature(b, Bytes(Rsa(b, "RS256", b.RsaKey))[..255])),
        new("an RSA signature by another key, within the modulus", TokenError.SignatureInvalid, b => RsaSignature(b, [0, .. Filled(255, 0x5a)])),
    ];

    private static BigInteger Order => BigInteger.Parse(OrderP256, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static IEnumerable<AttackCase> None()
    {
        foreach (string spelling in (string[])["none", "None", "NONE", "nOnE", "none ", "\u200bnone"])
        {
            yield return new($"alg {spelling} without a signature", TokenError.Malformed, b => b.WithHeader(h => h["alg"] = spelling).Split('.') is var p ? $"{p[0]}.{p[1]}." : "");
            yield return new($"alg {spelling} with a signature of nothing", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = spelling).Split('.') is var p ? $"{p[0]}.{p[1]}.AAAA" : "");
            yield return new($"alg {spelling} with a true signature", TokenError.AlgorithmRefused, b => b.WithHeader(h => h["alg"] = spelling));
        }
    }

    private static string CutHmac(AttackBench bench, int length)
    {
        string[] parts = bench.HmacWith(AttackBench.Secret, AttackBench.HmacIssuer, null).Split('.');
        byte[] signature = System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]);
        Array.Resize(ref signature, length);
        return $"{parts[0]}.{parts[1]}.{AttackBench.Encode(signature)}";
    }

    private static string Rsa(AttackBench bench, string algorithm, SigningKey key) =>
        bench.Sign(bench.Header(h => { h["alg"] = algorithm; h["kid"] = bench.RsaKey.KeyId; }).ToJsonString(), bench.Claims(c => c["iss"] = AttackBench.RsaIssuer).ToJsonString(), key);

    private static string RsaSignature(AttackBench bench, byte[] signature) => Rsa(bench, "RS256", bench.RsaKey).Split('.') is var p ? $"{p[0]}.{p[1]}.{AttackBench.Encode(signature)}" : "";

    private static byte[] Bytes(string token) => System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[2]);

    private static string Mixed(AttackBench bench, string algorithm, string keyId, SigningKey key) =>
        bench.Sign(bench.Header(h => { h["alg"] = algorithm; h["kid"] = keyId; }).ToJsonString(), bench.Claims(c => c["iss"] = AttackBench.MixedIssuer).ToJsonString(), key);

    private static string SmallRsa(AttackBench bench)
    {
        string header = AttackBench.Encode(Encoding.UTF8.GetBytes(bench.Header(h => { h["alg"] = "RS256"; h["kid"] = "small"; }).ToJsonString()));
        string payload = AttackBench.Encode(Encoding.UTF8.GetBytes(bench.Claims(c => c["iss"] = "https://small.example").ToJsonString()));
        byte[] signature = bench.SmallRsa.SignData(Encoding.ASCII.GetBytes($"{header}.{payload}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{header}.{payload}.{AttackBench.Encode(signature)}";
    }

    private static string Der(AttackBench bench)
    {
        byte[] raw = Bytes(bench.Valid());
        byte[] Integer(byte[] value) => value[0] >= 0x80 ? [2, (byte)(value.Length + 1), 0, .. value] : [2, (byte)value.Length, .. value];
        byte[] body = [.. Integer(raw[..32]), .. Integer(raw[32..])];
        return bench.WithSignature([0x30, (byte)body.Length, .. body]);
    }

    private static string Stretched(AttackBench bench)
    {
        string[] parts = bench.Valid().Split('.');
        byte[] raw = System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]);
        return $"{parts[0]}.{parts[1]}.{AttackBench.Encode([0, .. raw[..32], 0, .. raw[32..]])}";
    }

    private static byte[] Ecdsa(BigInteger r, BigInteger s) => [.. Fixed(r), .. Fixed(s)];

    private static byte[] Fixed(BigInteger value)
    {
        byte[] bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }
}
