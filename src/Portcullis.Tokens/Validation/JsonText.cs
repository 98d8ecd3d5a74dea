using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Portcullis.Tokens.Validation;

/// <summary>One strict reading of JSON from untrusted bytes (RFC 8725 §3.10, RFC 7515 §4): a second parser that reads the same bytes differently would be a bypass.</summary>
internal static class JsonText
{
    /// <summary>Parses one object; duplicate names anywhere, comments, trailing commas, trailing data, a byte order mark, invalid UTF-8 and deep nesting are refused.</summary>
    public static JsonElement? TryParseObject(ReadOnlySpan<byte> utf8, int maxDepth)
    {
        // The reader checks UTF-8 only in strings that are read later: all of it is checked here, once.
        if (!Utf8.IsValid(utf8))
        {
            return null;
        }

        var options = new JsonDocumentOptions
        {
            AllowDuplicateProperties = false,
            AllowTrailingCommas = false,
            CommentHandling = JsonCommentHandling.Disallow,
            MaxDepth = maxDepth,
        };
        try
        {
            // Copies what it needs and rents nothing: the elements stay valid for as long as a token is remembered.
            JsonElement root = JsonElement.Parse(utf8, options);
            return root.ValueKind == JsonValueKind.Object ? root : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name holds an unpaired surrogate escape.
            return null;
        }
    }

    public static bool TryGetString(JsonElement element, [NotNullWhen(true)] out string? value)
    {
        value = null;
        if (element.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        try
        {
            value = element.GetString();
            return value is not null;
        }
        catch (InvalidOperationException)
        {
            // An escape for half a surrogate pair: no text at all.
            return false;
        }
    }
}
