using System.Numerics;

namespace Portcullis.Access;

/// <summary>The words of the notation for <see cref="AccessAction"/>: one table for reading and writing.</summary>
public static class AccessActionWords
{
    /// <summary>Every single action.</summary>
    internal const AccessAction All =
        AccessAction.Pull | AccessAction.Push | AccessAction.Force | AccessAction.Delete | AccessAction.Init;

    // In canonical order. `push` stands before its two halves, so that the writer finds the short word first.
    private static readonly (string Word, AccessAction Action)[] s_words =
    [
        ("pull", AccessAction.Pull),
        ("push", AccessAction.Push),
        ("create", AccessAction.Create),
        ("update", AccessAction.Update),
        ("force", AccessAction.Force),
        ("delete", AccessAction.Delete),
        ("init", AccessAction.Init),
    ];

    /// <summary>The words as a person would list them, for messages.</summary>
    internal const string Listed = "pull, push, create, update, force, delete and init";

    /// <summary>Reads one word, in lower case as the notation has it.</summary>
    public static bool TryParse(ReadOnlySpan<char> word, out AccessAction action)
    {
        foreach (var (candidate, value) in s_words)
        {
            if (word.SequenceEqual(candidate))
            {
                action = value;
                return true;
            }
        }
        action = AccessAction.None;
        return false;
    }

    /// <summary>Writes the actions in canonical order, separated by commas: <c>pull,push,force</c>. <see cref="AccessAction.None"/> gives an empty text.</summary>
    public static string Format(AccessAction actions)
    {
        if (TryGetWord(actions, out var single))
        {
            return single;
        }
        var words = new List<string>(s_words.Length);
        foreach (var (word, action) in s_words)
        {
            if ((actions & action) == action)
            {
                words.Add(word);
                actions &= ~action;
            }
        }
        return string.Join(',', words);
    }

    /// <summary>The actions one by one, in canonical order.</summary>
    internal static IEnumerable<AccessAction> Each(AccessAction actions)
    {
        for (var rest = (uint)(actions & All); rest != 0; rest &= rest - 1)
        {
            yield return (AccessAction)(1u << BitOperations.TrailingZeroCount(rest));
        }
    }

    /// <summary>The known word nearest to a misspelt one, or null when none is near.</summary>
    internal static string? Nearest(ReadOnlySpan<char> word) => Spelling.Nearest(word, s_words.Select(entry => entry.Word));

    private static bool TryGetWord(AccessAction actions, out string word)
    {
        foreach (var (candidate, action) in s_words)
        {
            if (action == actions)
            {
                word = candidate;
                return true;
            }
        }
        word = "";
        return false;
    }
}
