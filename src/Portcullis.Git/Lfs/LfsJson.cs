using System.Text.Json;
using System.Text.Unicode;

namespace Portcullis.Git.Lfs;

/// <summary>
/// One strict reading of a Git LFS body (RFC 8259): one object in UTF-8, no name twice at any depth, no comments, nothing behind it. Members that are not
/// known are passed over, since newer clients add some; those that are known have their documented type or the body is refused.
/// </summary>
internal static class LfsJson
{
    // {"objects":[{"actions":{"upload":{"header":{…}}}}]} of an upstream's answer is the deepest that anybody writes.
    private const int MaxDepth = 16;

    private static readonly JsonDocumentOptions Options = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = MaxDepth,
    };

    public static JsonElement ParseObject(ReadOnlySpan<byte> utf8)
    {
        // The parser looks at the UTF-8 of those strings alone that are asked for.
        if (!Utf8.IsValid(utf8))
        {
            throw LfsFormatException.Malformed("The body is not UTF-8.");
        }

        try
        {
            var root = JsonElement.Parse(utf8, Options);
            return root.ValueKind == JsonValueKind.Object ? root : throw LfsFormatException.Malformed("The body is no JSON object.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw LfsFormatException.Malformed("The body is no well-formed JSON object: too deep, a name twice, or no JSON at all.");
        }
    }

    /// <summary>A text, or null where the member is absent or null.</summary>
    public static string? Text(JsonElement json, string name, int maxLength)
    {
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is { } text && text.Length <= maxLength
                ? text
                : throw LfsFormatException.Malformed($"The member {name} must be a text of at most {maxLength} characters.");
        }
        catch (InvalidOperationException)
        {
            throw LfsFormatException.Malformed($"The member {name} holds half a surrogate pair.");
        }
    }

    public static string RequiredText(JsonElement json, string name, int maxLength) =>
        Text(json, name, maxLength) is { Length: > 0 } text ? text : throw LfsFormatException.Malformed($"The member {name} is missing.");

    /// <summary>Zero or more in decimal digits: no sign, fraction or exponent.</summary>
    public static long? Number(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && LfsNumbers.TryParse(value.GetRawText(), out var number)
            ? number
            : throw LfsFormatException.Malformed($"The member {name} must be a whole number, zero or more.");
    }

    public static bool Flag(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False or JsonValueKind.Null => false,
        _ => throw LfsFormatException.Malformed($"The member {name} must be true or false."),
    };

    public static LfsObject Object(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw LfsFormatException.Malformed("An object must be written as { \"oid\": …, \"size\": … }.");
        }

        return LfsObjectId.TryParse(RequiredText(json, "oid", 1024), out var id)
            ? new LfsObject(id, Number(json, "size") ?? throw LfsFormatException.Malformed("The member size is missing."))
            : throw LfsFormatException.Malformed("An oid must be 64 lowercase hexadecimal digits.");
    }

    /// <summary>The <c>ref</c> that a request belongs to. Clients write <c>null</c>, <c>{}</c> or an empty name where they know none.</summary>
    public static string? Reference(JsonElement json)
    {
        if (!json.TryGetProperty("ref", out var reference) || reference.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return reference.ValueKind != JsonValueKind.Object
            ? throw LfsFormatException.Malformed("The member ref must be an object with a name.")
            : Text(reference, "name", 1024) is { Length: > 0 } name ? name : null;
    }
}
