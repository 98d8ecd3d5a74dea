using System.Text;
using System.Text.Json;
using Portcullis.Tokens.Keys;

namespace Portcullis.Authority.Clients;

/// <summary>Judges the keys with which a client wants to prove who it is, before they are kept.</summary>
internal static class ClientKeys
{
    private const int MaxLength = 64 * 1024;

    /// <summary>Why a JSON Web Key Set can't be a client's; null when it can.</summary>
    public static string? FindProblem(string jwks)
    {
        if (jwks.Length > MaxLength)
        {
            return $"The client's key set has more than {MaxLength} characters.";
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(jwks);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("keys", out JsonElement keys) || keys.ValueKind != JsonValueKind.Array)
            {
                return "The client's keys are a JSON Web Key Set, {\"keys\": [...]} (RFC 7517 §5).";
            }

            foreach (JsonElement key in keys.EnumerateArray())
            {
                // What anyone can read here must not be what proves who the client is.
                if (key.ValueKind == JsonValueKind.Object && (key.TryGetProperty("d", out _) || key.TryGetProperty("k", out _)))
                {
                    return "The client's key set holds a private or shared key. Give the public half alone, and take the private one for known.";
                }
            }

            return KeySet.ParseJwks(Encoding.UTF8.GetBytes(jwks)).Count == keys.GetArrayLength() && keys.GetArrayLength() > 0
                ? null
                : "The client's key set must hold EC (P-256, P-384, P-521) or RSA (2048 bits and more) keys for signing, and nothing else.";
        }
        catch (Exception exception) when (exception is JsonException or KeySetFormatException or InvalidOperationException)
        {
            // Without the parser's words, which quote its input.
            return "The client's key set can't be read: it is a JSON Web Key Set of public keys (RFC 7517 §5).";
        }
    }
}
