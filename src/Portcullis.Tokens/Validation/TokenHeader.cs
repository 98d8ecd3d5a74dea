using System.Buffers.Text;
using System.Collections.Frozen;
using System.Text.Json;

namespace Portcullis.Tokens.Validation;

/// <summary>The JOSE header of a signed access token (RFC 7515 §4).</summary>
internal sealed record TokenHeader(string Algorithm, string? KeyId, string Type)
{
    private const string MediaTypePrefix = "application/";

    // Keys that the token brings along (RFC 8725 §3.10 and RFC 7515 §4.1.2 to §4.1.6), an unencoded payload (RFC 7797), another document inside (cty), and the parameters of encryption (RFC 7516 §4.1,
    // RFC 7518 §4). x5t only names a certificate, and Microsoft's tokens carry it: it is ignored, like every other parameter.
    private static readonly FrozenSet<string> s_forbidden = FrozenSet.ToFrozenSet(
        ["jwk", "jku", "x5u", "x5c", "b64", "cty", "zip", "enc", "epk", "apu", "apv", "p2s", "p2c", "iv", "tag"],
        StringComparer.Ordinal);

    public static TokenFailure? Read(ReadOnlySpan<byte> base64Url, out TokenHeader? header)
    {
        header = null;
        if (JsonText.TryParseObject(Base64Url.DecodeFromUtf8(base64Url), maxDepth: 4) is not { } json)
        {
            return TokenFailure.HeaderMalformed;
        }

        foreach (JsonProperty parameter in json.EnumerateObject())
        {
            if (s_forbidden.TryGetValue(parameter.Name, out string? name))
            {
                return TokenFailure.HeaderForbidden(name);
            }
        }

        // No extension is implemented, so every list is either malformed or names an unknown one (RFC 7515 §4.1.11).
        if (json.TryGetProperty(ClaimNames.Critical, out _))
        {
            return TokenFailure.CriticalHeaderUnknown;
        }

        if (!TryGetText(json, ClaimNames.Algorithm, out string? algorithm) || algorithm is null
            || !TryGetText(json, ClaimNames.KeyId, out string? keyId)
            || !TryGetText(json, ClaimNames.Type, out string? type))
        {
            return TokenFailure.HeaderMalformed;
        }

        header = new TokenHeader(algorithm, keyId, NormalizeType(type));
        return null;
    }

    /// <summary>RFC 7515 §4.1.9: a media type, compared ignoring case, its <c>application/</c> left out or not. None counts as <c>JWT</c>, as RFC 7519 §5.1 suggests.</summary>
    public static string NormalizeType(string? type)
    {
        string text = (type ?? "jwt").ToLowerInvariant();
        return text.StartsWith(MediaTypePrefix, StringComparison.Ordinal) ? text[MediaTypePrefix.Length..] : text;
    }

    // True also when it is absent: then the text is null.
    private static bool TryGetText(JsonElement json, string name, out string? text)
    {
        text = null;
        return !json.TryGetProperty(name, out JsonElement value) || (JsonText.TryGetString(value, out text) && PlainText.IsPlain(text, maximumLength: 256));
    }
}
