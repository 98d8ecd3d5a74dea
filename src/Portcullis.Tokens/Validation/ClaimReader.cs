using System.Text.Json;

namespace Portcullis.Tokens.Validation;

/// <summary>Reads claims by type, one after the other, and keeps the first refusal. Nothing is converted or guessed.</summary>
internal struct ClaimReader(JsonElement payload)
{
    // The last second of the year 9999, beyond which DateTimeOffset can't go.
    private const long LatestSecond = 253_402_300_799;

    public TokenFailure? Failure { get; private set; }

    public void Refuse(TokenFailure failure) => Failure ??= failure;

    public bool TryGet(string name, bool required, out JsonElement claim)
    {
        bool found = payload.TryGetProperty(name, out claim);
        if (!found && required)
        {
            Refuse(TokenFailure.ClaimMissing(name));
        }

        return found;
    }

    public string? Text(string name, int maximumLength, bool required = false)
    {
        if (!TryGet(name, required, out JsonElement claim))
        {
            return null;
        }

        if (JsonText.TryGetString(claim, out string? text) && PlainText.IsPlain(text, maximumLength))
        {
            return text;
        }

        Refuse(TokenFailure.ClaimInvalid(name, $"a text of 1 to {maximumLength} characters"));
        return null;
    }

    /// <summary>RFC 7519 §2 NumericDate, whole seconds only: digits, neither sign nor fraction nor exponent, and never a string.</summary>
    public long? Seconds(string name, bool required = false)
    {
        if (!TryGet(name, required, out JsonElement claim))
        {
            return null;
        }

        // TryGetInt64 takes neither fraction nor exponent.
        if (claim.ValueKind == JsonValueKind.Number && claim.TryGetInt64(out long value) && value is > 0 and <= LatestSecond)
        {
            return value;
        }

        Refuse(TokenFailure.ClaimInvalid(name, "a whole number of seconds since 1970"));
        return null;
    }

    /// <summary>One text, or an array of texts.</summary>
    public string[] Texts(string name, int maximumCount, bool required = false)
    {
        if (!TryGet(name, required, out JsonElement claim))
        {
            return [];
        }

        bool isArray = claim.ValueKind == JsonValueKind.Array;
        int count = isArray ? claim.GetArrayLength() : 1;
        if (count <= maximumCount && (count > 0 || !required))
        {
            var texts = new string[count];
            int read = 0;
            while (read < count && JsonText.TryGetString(isArray ? claim[read] : claim, out string? text) && PlainText.IsPlain(text, maximumLength: 1024))
            {
                texts[read++] = text;
            }

            if (read == count)
            {
                return texts;
            }
        }

        Refuse(TokenFailure.ClaimInvalid(name, $"a text or an array of {(required ? 1 : 0)} to {maximumCount} texts"));
        return [];
    }

    public JsonElement[] Objects(string name, int maximumCount)
    {
        if (!TryGet(name, required: false, out JsonElement claim))
        {
            return [];
        }

        if (claim.ValueKind == JsonValueKind.Array && claim.GetArrayLength() <= maximumCount)
        {
            JsonElement[] objects = [.. claim.EnumerateArray()];
            if (Array.TrueForAll(objects, o => o.ValueKind == JsonValueKind.Object))
            {
                return objects;
            }
        }

        Refuse(TokenFailure.ClaimInvalid(name, $"an array of at most {maximumCount} objects"));
        return [];
    }
}
