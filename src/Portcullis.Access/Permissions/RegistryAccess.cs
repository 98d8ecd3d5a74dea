using System.Diagnostics.CodeAnalysis;
using Portcullis.Git.Names;

namespace Portcullis.Access.Permissions;

/// <summary>
/// What a scope <c>registry:acme/*:pull,push</c> gives: certain actions on certain repositories of a container registry. The patterns are those of <c>git:</c> permissions.
/// </summary>
public sealed class RegistryAccess
{
    private static readonly (string Word, RegistryActions Action)[] s_words =
        [("pull", RegistryActions.Pull), ("push", RegistryActions.Push), ("delete", RegistryActions.Delete)];

    private RegistryAccess(WildcardPattern repositories, RegistryActions actions) => (Repositories, Actions) = (repositories, actions);

    /// <summary>The repositories, by their names in the registry.</summary>
    public WildcardPattern Repositories { get; }

    /// <summary>The actions; never none.</summary>
    public RegistryActions Actions { get; }

    /// <summary>Reads one of the registry's words for an action.</summary>
    public static bool TryParseAction(ReadOnlySpan<char> word, out RegistryActions action)
    {
        foreach (var (candidate, value) in s_words)
        {
            if (word.SequenceEqual(candidate))
            {
                action = value;
                return true;
            }
        }
        action = RegistryActions.None;
        return false;
    }

    /// <summary>The words for actions, in their canonical order.</summary>
    public static IReadOnlyList<string> WordsFor(RegistryActions actions) =>
        [.. s_words.Where(entry => (actions & entry.Action) != 0).Select(entry => entry.Word)];

    /// <summary>Actions one by one.</summary>
    internal static IEnumerable<RegistryActions> Each(RegistryActions actions) => s_words.Select(entry => entry.Action & actions).Where(action => action != RegistryActions.None);

    /// <summary>Whether it provably allows all that another does.</summary>
    internal bool Covers(RegistryAccess other) =>
        (Actions & other.Actions) == other.Actions && PatternAlgebra.Covers(Repositories, other.Repositories);

    internal RegistryAccess With(RegistryActions actions) => new(Repositories, actions);

    /// <summary>Access to one repository by its name; null for what is no name in the distribution specification.</summary>
    internal static RegistryAccess? For(string name, RegistryActions actions) => IsName(name) && actions != RegistryActions.None ? new(WildcardPattern.Literal(name), actions) : null;

    /// <summary>What both allow; perhaps less, never more.</summary>
    internal static IEnumerable<RegistryAccess> Intersect(RegistryAccess left, RegistryAccess right)
    {
        var actions = left.Actions & right.Actions;
        if (actions == RegistryActions.None)
        {
            yield break;
        }
        foreach (var pattern in PatternAlgebra.Intersect(left.Repositories, right.Repositories))
        {
            // Too long a one is left out: smaller is safe.
            if (WildcardPattern.TryParse(pattern.ToString(), out var repositories))
            {
                yield return new RegistryAccess(repositories, actions);
            }
        }
    }

    /// <summary>Reads what follows <c>registry:</c>. Returns the message of the mistake, or null.</summary>
    internal static string? Read(ReadOnlySpan<char> text, [NotNullWhen(true)] out RegistryAccess? access, out int position)
    {
        access = null;
        position = 0;
        var end = text.IndexOfAny("@:,^");
        if (end < 0)
        {
            position = text.Length;
            return "the actions are missing: end with ':' and what is allowed, as in ':pull'";
        }
        if (text[end] != ':')
        {
            position = end;
            return "a registry's repositories have no refs, and one pattern names them; write what is meant literally as %40, %2C or %5E";
        }
        if (end == 0)
        {
            return "the repository is missing, as in registry:acme/app:pull; '*' stands for every repository";
        }
        if (!WildcardPattern.TryParse(text[..end], out var repositories, out var problem))
        {
            position = problem.Position;
            return problem.Message.TrimEnd('.');
        }
        // A name of Git's, as {repository} of a role may be, or of the registry's: there api/server is a name like any other.
        if (!(repositories.HasWildcard ? repositories.Parts[0] is not ['/', ..] : IsName(repositories.Parts[0]) || RepositoryPath.TryParse(repositories.Parts[0], out _)))
        {
            return "no registry has a repository of this name: small letters and digits, in parts between slashes";
        }
        var actions = RegistryActions.None;
        position = end + 1;
        foreach (var range in text[position..].Split(','))
        {
            var word = text[position..][range];
            if (!TryParseAction(word, out var action))
            {
                position += range.Start.Value;
                return "the actions of a registry are pull, push and delete";
            }
            actions |= action;
        }
        access = new RegistryAccess(repositories, actions);
        return null;
    }

    // The distribution specification's <name>: small letters and digits, separated by one '.', one or two '_', or '-', in parts between slashes.
    private static bool IsName(string name) =>
        name.Length <= 255 && name.Split('/').All(part =>
            part.Length > 0 && char.IsAsciiLetterOrDigit(part[0]) && char.IsAsciiLetterOrDigit(part[^1])
            && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-')
            && !part.Contains("..", StringComparison.Ordinal) && !part.Contains("___", StringComparison.Ordinal));

    /// <summary>What stands behind <c>registry:</c>, in canonical form.</summary>
    public override string ToString() => $"{Repositories}:{string.Join(',', WordsFor(Actions))}";
}
