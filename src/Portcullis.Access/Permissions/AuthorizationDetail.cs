using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Portcullis.Access.Permissions;

/// <summary>
/// A permission as an element of <c>authorization_details</c> (RFC 9396): <c>{ "type": "git_repository", "identifier": "acme/*", "actions": ["pull"],
/// "refs": ["refs/heads/*"] }</c>. Identifier and refs hold patterns in the notation's own encoding. Read strictly: a member that is not known could
/// be a restriction, so it makes the element unreadable (RFC 9396 §5).
/// </summary>
public static class AuthorizationDetail
{
    /// <summary>The value of <c>type</c>.</summary>
    public const string Type = "git_repository";

    /// <summary>Whether an element is of our type, be it readable or not.</summary>
    public static bool IsOurs(JsonElement detail)
    {
        if (detail.ValueKind != JsonValueKind.Object)
        {
            return false;
        }
        foreach (var member in detail.EnumerateObject())
        {
            if (TryReadName(member, out var name) && name == "type" && TryReadString(member.Value, out var type) && type == Type)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Reads an element of our type.</summary>
    public static bool TryRead(
        JsonElement detail, [NotNullWhen(true)] out Permission? permission, [NotNullWhen(false)] out PermissionSyntaxError? error)
    {
        permission = null;
        if (!IsOurs(detail))
        {
            return Fail("its type is not 'git_repository'", out error);
        }
        string? identifier = null;
        List<string>? actions = null;
        List<string>? refs = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in detail.EnumerateObject())
        {
            if (!TryReadName(member, out var name) || !seen.Add(name))
            {
                return Fail("a member stands in it twice, or has no readable name", out error);
            }
            var known = name switch
            {
                "type" => true,
                "identifier" => TryReadString(member.Value, out identifier),
                "actions" => TryReadStrings(member.Value, out actions),
                "refs" => TryReadStrings(member.Value, out refs),
                _ => false,
            };
            if (!known)
            {
                return Fail(
                    name is "identifier" or "actions" or "refs"
                        ? $"'{member.Name}' has the wrong JSON type: identifier is a string, actions and refs are arrays of strings"
                        : "it has a member besides type, identifier, actions and refs, which could be a restriction",
                    out error);
            }
        }
        if (identifier is null || actions is null)
        {
            return Fail("identifier and actions are required", out error);
        }
        return TryCreate(identifier, actions, refs, out permission, out error);
    }

    /// <summary>A permission from the members of an element.</summary>
    /// <param name="identifier">A repository, or a pattern.</param>
    /// <param name="actions">Words of the notation, at least one.</param>
    /// <param name="refs">Ref patterns; null for every ref. An empty list is refused: it says "no ref" to some and "every ref" to others.</param>
    /// <param name="permission">The permission.</param>
    /// <param name="error">What is wrong; its position counts in the notation's text of the same permission.</param>
    public static bool TryCreate(
        string identifier,
        IReadOnlyList<string> actions,
        IReadOnlyList<string>? refs,
        [NotNullWhen(true)] out Permission? permission,
        [NotNullWhen(false)] out PermissionSyntaxError? error)
    {
        permission = null;
        if (actions.Count == 0 || refs is { Count: 0 })
        {
            return Fail("an empty array says nothing: name the actions, and leave refs out for every ref", out error);
        }
        // The values must not bring separators of the notation with them.
        if (identifier.AsSpan().ContainsAny("@:,^")
            || actions.Any(action => action.AsSpan().ContainsAny("@:,^"))
            || (refs is not null && refs.Any(reference => reference.AsSpan().ContainsAny("@:,"))))
        {
            return Fail("the characters , : @ ^ are percent-encoded when they are meant literally", out error);
        }
        var text = new StringBuilder(Permission.Prefix).Append(identifier);
        if (refs is not null)
        {
            text.Append('@').AppendJoin(',', refs);
        }
        text.Append(':').AppendJoin(',', actions);
        return Permission.TryParse(text.ToString(), out permission, out error, "authorization_details");
    }

    /// <summary>Writes a permission as an element.</summary>
    public static void Write(Utf8JsonWriter writer, Permission permission)
    {
        writer.WriteStartObject();
        writer.WriteString("type", Type);
        writer.WriteString("identifier", permission.Repository.ToString());
        writer.WriteStartArray("actions");
        foreach (var word in AccessActionWords.Format(permission.Actions).Split(','))
        {
            writer.WriteStringValue(word);
        }
        writer.WriteEndArray();
        if (permission.Refs.Count > 0)
        {
            writer.WriteStartArray("refs");
            foreach (var reference in permission.Refs)
            {
                writer.WriteStringValue(reference.ToString());
            }
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    // An escaped surrogate without its other half: JSON allows it, text does not, and the library says so by an exception.
    private static bool TryReadName(JsonProperty member, [NotNullWhen(true)] out string? name)
    {
        try
        {
            name = member.Name;
            return true;
        }
        catch (InvalidOperationException)
        {
            name = null;
            return false;
        }
    }

    private static bool TryReadString(JsonElement element, out string? text)
    {
        text = null;
        if (element.ValueKind != JsonValueKind.String)
        {
            return false;
        }
        try
        {
            text = element.GetString();
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        return text is not null;
    }

    private static bool TryReadStrings(JsonElement element, out List<string>? texts)
    {
        texts = null;
        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() > PermissionSet.MaxPermissionsInToken)
        {
            return false;
        }
        var read = new List<string>();
        foreach (var item in element.EnumerateArray())
        {
            if (!TryReadString(item, out var text))
            {
                return false;
            }
            read.Add(text!);
        }
        texts = read;
        return true;
    }

    private static bool Fail(string message, out PermissionSyntaxError error)
    {
        error = new PermissionSyntaxError(0, message, "authorization_details");
        return false;
    }
}
