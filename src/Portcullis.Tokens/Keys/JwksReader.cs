using System.Text.Json;
using Portcullis.Tokens.Validation;

namespace Portcullis.Tokens.Keys;

/// <summary>A JSON Web Key Set (RFC 7517 §5), from an operator's file or an issuer's server: bounded, strictly read.</summary>
internal static class JwksReader
{
    /// <summary>Real sets hold two to six keys.</summary>
    public const int MaximumKeys = 256;

    public const int MaximumBytes = 512 * 1024;

    public static KeySet Read(ReadOnlyMemory<byte> utf8Json)
    {
        if (utf8Json.Length > MaximumBytes)
        {
            throw new KeySetFormatException("The key set is larger than 512 KiB.");
        }

        if (JsonText.TryParseObject(utf8Json.Span, maxDepth: 16) is not { } root)
        {
            throw new KeySetFormatException("The key set is not one strict JSON object (RFC 7517 §5).");
        }

        if (!root.TryGetProperty("keys"u8, out JsonElement keys))
        {
            // A single key instead of a set is what people have at hand when they made it themselves.
            return root.TryGetProperty("kty"u8, out _) ? FromKeys([root]) : throw new KeySetFormatException("The key set has no \"keys\" member (RFC 7517 §5.1).");
        }

        if (keys.ValueKind != JsonValueKind.Array || keys.GetArrayLength() > MaximumKeys)
        {
            throw new KeySetFormatException("The key set's \"keys\" is not an array of at most 256 keys.");
        }

        return FromKeys(keys.EnumerateArray());
    }

    private static KeySet FromKeys(IEnumerable<JsonElement> elements)
    {
        var keys = new List<VerificationKey>();
        var problems = new List<string>();
        int position = 0;
        foreach (JsonElement element in elements)
        {
            position++;
            VerificationKey? key = JwkReader.Read(element, out string? problem);
            if (key is not null)
            {
                keys.Add(key);
            }

            if (problem is not null)
            {
                problems.Add($"Key {position}: {problem}");
            }
        }

        return new KeySet(keys, isSymmetric: false, problems);
    }
}
