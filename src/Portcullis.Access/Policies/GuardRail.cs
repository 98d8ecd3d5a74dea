using System.Diagnostics.CodeAnalysis;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Access.Policies;

/// <summary>A rule of the policy: what no permission can allow. It is about Git, or about scopes of other services. A denied <c>pull</c> also hides the refs.</summary>
/// <param name="repositories">The repositories it holds in; any one matching is enough.</param>
/// <param name="refs">The refs it holds for, as in a permission: empty for every ref, exclusions take out.</param>
/// <param name="deny">The denied actions. A denied <see cref="AccessAction.Init"/> holds for the repository whatever the refs.</param>
/// <param name="location">Where the rule is written.</param>
/// <param name="text">The rule as one line, for messages and the audit.</param>
public sealed class GuardRail(
    IReadOnlyList<RepositoryPattern> repositories, IReadOnlyList<RefPattern> refs, AccessAction deny, SourceLocation location, string text)
{
    private readonly RepositoryPattern[] _repositories = [.. repositories];
    private readonly WildcardPattern[] _folded = [.. repositories.Select(Folded)];
    private readonly RefSelection _refs = new(refs);

    /// <summary>The repositories it holds in.</summary>
    public IReadOnlyList<RepositoryPattern> Repositories => _repositories;

    /// <summary>The refs it holds for: empty for every ref.</summary>
    public IReadOnlyList<RefPattern> Refs => _refs.Patterns;

    /// <summary>The denied actions.</summary>
    public AccessAction Deny { get; } = deny;

    /// <summary>The denied scopes of other services; a rule that has any is not about Git.</summary>
    public IReadOnlyList<ServiceScope> Scopes { get; init; } = [];

    /// <summary>Where the rule is written.</summary>
    public SourceLocation Location { get; } = location;

    /// <summary>The rule as one line.</summary>
    public string Text { get; } = text;

    /// <summary>Whether it provably holds for every ref.</summary>
    public bool IncludesEveryRef { get; } = new RefSelection(refs).IncludesEveryRef;

    /// <summary>
    /// Whether the rule holds in a repository, whatever the case of its name: at GitHub, GitLab and Gitea, and on some disks, <c>Acme/App</c> is <c>acme/app</c>,
    /// and a rule that another spelling gets around is none.
    /// </summary>
    public bool HoldsIn(RepositoryPath repository)
    {
        var name = Fold(repository.Value);
        foreach (var pattern in _folded)
        {
            if (pattern.IsMatch(name))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether the rule holds for a ref.</summary>
    public bool HoldsFor(RefName reference) => _refs.Includes(reference);

    /// <summary>
    /// Whether the rule denies something that a word asks for, as a whole: one of its actions in all of its repositories and on all of its refs. A rule that takes out a part, such as one branch, leaves the word as it is.
    /// </summary>
    public bool Denies(ScopeWord asked) => asked.Permission is { } permission
        ? Denies(permission)
        : asked.Scope is { } scope && (scope.Registry is { } registry
            ? RegistryAccess.Each(registry.Actions).Any(action => Scopes.Any(denied => denied.Registry?.Covers(registry.With(action)) == true))
            : Scopes.Contains(scope));

    private bool Denies(Permission permission)
    {
        var actions = permission.Actions & Deny;
        if (actions == AccessAction.None || !Array.Exists(_folded, pattern => PatternAlgebra.Covers(pattern, Folded(permission.Repository))))
        {
            return false;
        }

        // To make a repository is about no ref.
        return (actions & AccessAction.Init) != 0 || IncludesEveryRef || PermissionAlgebra.Covers(_refs, new RefSelection(permission.Refs));
    }

    private static WildcardPattern Folded(RepositoryPattern pattern) => WildcardPattern.FromParts([.. pattern.Pattern.Parts.Select(Fold)]);

    // Lower case it is, as in the names of those servers.
    [SuppressMessage("Globalization", "CA1308", Justification = "Names are ASCII; nothing is compared in upper case.")]
    private static string Fold(string name) => name.ToLowerInvariant();

    /// <summary>The rule and where it is written.</summary>
    public override string ToString() => $"{Text} ({Location})";
}
