using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Portcullis.Tokens.Keys;

namespace Portcullis.Authority.Keys;

/// <summary>Reads a private key in the form of RFC 7517, for <c>key import</c>.</summary>
internal static class PrivateJwk
{
    public static SigningKey Read(string json, string? algorithm)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement jwk = document.RootElement;
            algorithm ??= Text(jwk, "alg");
            switch (Text(jwk, "kty"))
            {
                case "EC":
                    using (var key = ECDsa.Create(new ECParameters
                    {
                        Curve = Text(jwk, "crv") switch
                        {
                            "P-256" => ECCurve.NamedCurves.nistP256,
                            "P-384" => ECCurve.NamedCurves.nistP384,
                            "P-521" => ECCurve.NamedCurves.nistP521,
                            _ => throw new KeySetFormatException("The private key's curve is none of P-256, P-384, P-521."),
                        },
                        Q = new ECPoint { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") },
                        D = Bytes(jwk, "d"),
                    }))
                    {
                        return SigningKey.FromPem(key.ExportPkcs8PrivateKeyPem(), algorithm);
                    }

                case "RSA":
                    using (var rsa = RSA.Create(new RSAParameters
                    {
                        Modulus = Bytes(jwk, "n"),
                        Exponent = Bytes(jwk, "e"),
                        D = Bytes(jwk, "d"),
                        P = Bytes(jwk, "p"),
                        Q = Bytes(jwk, "q"),
                        DP = Bytes(jwk, "dp"),
                        DQ = Bytes(jwk, "dq"),
                        InverseQ = Bytes(jwk, "qi"),
                    }))
                    {
                        return SigningKey.FromPem(rsa.ExportPkcs8PrivateKeyPem(), algorithm);
                    }

                default:
                    throw new KeySetFormatException("The JSON Web Key is neither an EC nor an RSA key.");
            }
        }
        catch (Exception exception) when (exception is JsonException or FormatException or CryptographicException or InvalidOperationException)
        {
            // Without the inner exception: a parser's message may quote its input.
            throw new KeySetFormatException("The text holds no private JSON Web Key.");
        }
    }

    private static string? Text(JsonElement jwk, string name) => jwk.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static byte[] Bytes(JsonElement jwk, string name) =>
        Base64Url.DecodeFromChars(Text(jwk, name) ?? throw new KeySetFormatException($"The JSON Web Key has no '{name}': the private half is needed."));
}
