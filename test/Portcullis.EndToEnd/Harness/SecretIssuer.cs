using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Portcullis.EndToEnd.Harness;

/// <summary>An issuer beside the server's own, with a shared secret: it makes tokens that the server's own commands would not, expired ones for example.</summary>
public sealed class SecretIssuer
{
    public const string Address = "https://idp.example.com";

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    /// <summary>Lays the secret into the server's folder and gives the settings that trust this issuer.</summary>
    public string SettingsIn(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "idp.secret"), "base64:" + Convert.ToBase64String(_secret));
        return $$"""
            issuers:
              - { issuer: "{{Address}}", secretFile: ./idp.secret, algorithms: [ HS256 ], permissions: token }

            """;
    }

    /// <summary>A token with these claims besides those that any token has; a claim given here wins over those.</summary>
    public string Token(Uri audience, string subject, string scope, params (string Name, object Value)[] claims)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var payload = new Dictionary<string, object>
        {
            ["iss"] = Address, ["aud"] = audience.GetLeftPart(UriPartial.Authority), ["sub"] = subject, ["scope"] = scope,
            ["iat"] = now, ["exp"] = now + 600, ["jti"] = Guid.NewGuid().ToString("N"),
        };
        foreach (var (name, value) in claims)
        {
            payload[name] = value;
        }

        var signed = $"{Encode(new Dictionary<string, object> { ["alg"] = "HS256", ["typ"] = "at+jwt" })}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(_secret, Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Encode(Dictionary<string, object> part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));
}
