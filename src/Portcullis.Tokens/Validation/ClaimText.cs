using System.Text.Json;

namespace Portcullis.Tokens.Validation;

/// <summary>The one text form of a claim, for matching against a policy.</summary>
internal static class ClaimText
{
    public static string? Of(JsonElement claim) => claim.ValueKind switch
    {
        JsonValueKind.String => JsonText.TryGetString(claim, out string? text) ? text : null,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        // 1.0 and 1e0 would be other spellings of 1: only digits have one form.
        JsonValueKind.Number when claim.TryGetInt64(out long number) && claim.GetRawText() is var raw && raw == number.ToString(System.Globalization.CultureInfo.InvariantCulture) => raw,
        _ => null,
    };

    public static IReadOnlyList<string>? AllOf(JsonElement claim)
    {
        if (claim.ValueKind != JsonValueKind.Array)
        {
            return Of(claim) is { } single ? [single] : null;
        }

        var values = new List<string>(claim.GetArrayLength());
        foreach (JsonElement item in claim.EnumerateArray())
        {
            if (Of(item) is not { } text)
            {
                return null;
            }

            values.Add(text);
        }

        return values;
    }
}
