using System.Diagnostics.CodeAnalysis;
using Portcullis.Git.Names;

namespace Portcullis.Access.Permissions;

/// <summary>
/// The one reader of the notation: <c>"git:" repository [ "@" ref-pattern *( "," ref-pattern ) ] ":" action *( "," action )</c>.
/// One pass, left to right; the first mistake ends it.
/// </summary>
internal static class PermissionParser
{
    // A permission with more would be unreadable; it also bounds what one decision can cost.
    private const int MaxRefPatterns = 256;

    private const int MaxShownLength = 120;

    public static bool TryParse(
        ReadOnlySpan<char> text,
        string? origin,
        [NotNullWhen(true)] out Permission? permission,
        [NotNullWhen(false)] out PermissionSyntaxError? error)
    {
        permission = null;
        var message = Read(text, origin, out permission, out var position);
        error = message is null ? null : new PermissionSyntaxError(position, message, Shown(text));
        return message is null;
    }

    // Returns the message of the mistake, or null.
    private static string? Read(ReadOnlySpan<char> text, string? origin, out Permission? permission, out int position)
    {
        permission = null;
        if (text.Length > Permission.MaxLength)
        {
            position = Permission.MaxLength;
            return $"a permission has at most {Permission.MaxLength} characters";
        }
        position = text.IndexOfAnyExceptInRange('!', '~');
        if (position < 0)
        {
            position = text.IndexOfAny('"', '\\');
        }
        if (position >= 0)
        {
            return Forbidden(text[position]);
        }
        position = 0;
        if (!text.StartsWith(Permission.Prefix))
        {
            return "a permission begins with 'git:', as in git:acme/app:pull";
        }

        position = Permission.Prefix.Length;
        var end = EndOf(text, position, "@:,^");
        if (end == text.Length)
        {
            position = end;
            return "the actions are missing: end with ':' and what is allowed, as in ':pull'";
        }
        if (text[end] is ',' or '^')
        {
            position = end;
            return text[end] == ','
                ? "a permission names one repository, or several by '*'; write two permissions, or %2C for a comma that is meant literally"
                : "only a ref pattern can be excluded; write %5E for a '^' that is meant literally";
        }
        if (end == position)
        {
            return "the repository is missing, as in git:acme/app:pull; '*' stands for every repository";
        }
        if (!RepositoryPattern.TryParse(text[position..end], out var repository, out var problem))
        {
            position += problem.Position;
            return problem.Message.TrimEnd('.');
        }

        position = end;
        var refs = new List<RefPattern>();
        if (text[end] == '@' && ReadRefs(text, refs, ref position) is { } refsMistake)
        {
            return refsMistake;
        }
        position++;
        if (ReadActions(text, ref position, out var actions) is { } actionsMistake)
        {
            return actionsMistake;
        }
        permission = new Permission(repository, refs, actions, origin);
        return null;
    }

    // From the '@' to the ':'.
    private static string? ReadRefs(ReadOnlySpan<char> text, List<RefPattern> refs, ref int position)
    {
        var first = position + 1;
        do
        {
            position++;
            var end = EndOf(text, position, "@:,");
            if (end < text.Length && text[end] == '@')
            {
                position = end;
                return "'@' stands once, before the ref patterns; write %40 for one that is meant literally";
            }
            if (end == position || (end == position + 1 && text[position] == '^'))
            {
                return "a ref pattern is missing, as in @refs/heads/main; without '@' the permission is for every ref";
            }
            if (refs.Count == MaxRefPatterns)
            {
                return $"a permission has at most {MaxRefPatterns} ref patterns";
            }
            if (text[(position + 1)..end].IndexOf('^') is >= 0 and var caret)
            {
                position += 1 + caret;
                return "'^' stands only at the beginning of a ref pattern, to exclude; write %5E for one that is meant literally";
            }
            if (!RefPattern.TryParse(text[position..end], out var pattern, out var problem))
            {
                position += problem.Position;
                return problem.Message.TrimEnd('.');
            }
            refs.Add(pattern);
            position = end;
        }
        while (position < text.Length && text[position] == ',');

        if (position == text.Length)
        {
            return "the actions are missing: end with ':' and what is allowed, as in ':pull'";
        }
        if (refs.TrueForAll(pattern => pattern.IsExclusion))
        {
            position = first;
            return "there are only exclusions; say also which refs are meant, as in @refs/*,^refs/heads/main";
        }
        return null;
    }

    private static string? ReadActions(ReadOnlySpan<char> text, ref int position, out AccessAction actions)
    {
        actions = AccessAction.None;
        while (true)
        {
            var end = EndOf(text, position, ",");
            var word = text[position..end];
            if (word.IsEmpty)
            {
                return $"an action is missing; the actions are {AccessActionWords.Listed}";
            }
            if (!AccessActionWords.TryParse(word, out var action))
            {
                return UnknownAction(word);
            }
            actions |= action;
            if (end == text.Length)
            {
                return null;
            }
            position = end + 1;
        }
    }

    private static string UnknownAction(ReadOnlySpan<char> word)
    {
        if (word.IndexOf(':') >= 0)
        {
            return "there is one ':' too many; write %3A for one that is meant literally";
        }
        return AccessActionWords.Nearest(word) is { } nearest
            ? $"'{Shown(word)}' is no action; did you mean '{nearest}'?"
            : $"'{Shown(word)}' is no action; the actions are {AccessActionWords.Listed}";
    }

    // RFC 6749 §3.3: what a scope can't carry.
    private static string Forbidden(char c) => c switch
    {
        ' ' => "a space ends a permission; write %20 for one that is meant literally",
        '"' => "a quotation mark is written %22",
        '\\' => "a backslash is written %5C",
        > '~' => "characters outside ASCII are written percent-encoded as UTF-8, as in %C3%A9",
        _ => "control characters can't stand in a permission",
    };

    private static int EndOf(ReadOnlySpan<char> text, int start, ReadOnlySpan<char> ends)
    {
        var length = text[start..].IndexOfAny(ends);
        return length < 0 ? text.Length : start + length;
    }

    /// <summary>A text as messages may show it: shortened, and without what can't be printed.</summary>
    public static string Shown(ReadOnlySpan<char> text)
    {
        var shown = text.Length > MaxShownLength ? text[..MaxShownLength] : text;
        Span<char> printable = stackalloc char[MaxShownLength];
        for (var i = 0; i < shown.Length; i++)
        {
            printable[i] = shown[i] is >= ' ' and <= '~' ? shown[i] : '?';
        }
        return printable[..shown.Length].ToString() + (shown.Length < text.Length ? "..." : "");
    }
}
