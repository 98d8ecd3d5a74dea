using System.Diagnostics.CodeAnalysis;
using Portcullis.Access.Permissions;

namespace Portcullis.Gateway.Registry;

/// <summary>What a registry's client asks for, <c>repository:acme/app:pull,push</c>: the resource scope of the distribution's token specification.</summary>
/// <param name="Type">The kind of resource; only <c>repository</c> is ever granted.</param>
/// <param name="Name">The repository's name in the registry.</param>
/// <param name="Actions">The words of its actions, as they came.</param>
internal sealed record RegistryScope(string Type, string Name, IReadOnlyList<string> Actions)
{
    public const int MaxScopes = 64;
    private const int MaxLength = 1024;

    /// <summary>Reads one scope. What stands between the first and the last colon is the name.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out RegistryScope? scope)
    {
        scope = null;
        var first = text.IndexOf(':', StringComparison.Ordinal);
        var last = text.LastIndexOf(':');
        if (text.Length > MaxLength || first <= 0 || last <= first + 1 || last == text.Length - 1 || text.Any(c => c is <= ' ' or > '~' or '"' or '\\'))
        {
            return false;
        }

        var actions = text[(last + 1)..].Split(',');
        if (actions.Any(action => action.Length is 0 or > 32))
        {
            return false;
        }

        scope = new RegistryScope(text[..first], text[(first + 1)..last], actions);
        return true;
    }

    /// <summary>The actions that are allowed on this resource, in canonical order; none where it is another kind of resource, or no name of a repository.</summary>
    /// <param name="isAllowed">The decision about one action.</param>
    public IReadOnlyList<string> Allowed(Func<ScopeWord, bool> isAllowed)
    {
        var allowed = RegistryActions.None;
        foreach (var word in Type == "repository" ? Actions : [])
        {
            if (RegistryAccess.TryParseAction(word, out var action) && ServiceScope.ForRepository(Name, action) is { } asked && isAllowed(ScopeWord.Of(asked)))
            {
                allowed |= action;
            }
        }

        return RegistryAccess.WordsFor(allowed);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Type}:{Name}:{string.Join(',', Actions)}";
}
