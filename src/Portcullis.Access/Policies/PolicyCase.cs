using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Access.Policies;

/// <summary>One case for <c>portcullis policy test</c>: who asks for what, and what should come of it.</summary>
public sealed record PolicyCase
{
    /// <summary>What the case shows.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is written.</summary>
    public SourceLocation Location { get; init; }

    /// <summary>Who asks.</summary>
    public required Identity Who { get; init; }

    /// <summary>
    /// The permissions in the caller's token. Null asks about a caller who has all that the policy gives: by bindings, roles and trust.
    /// </summary>
    public PermissionSet? Permissions { get; init; }

    /// <summary>Claims of the caller's token, for trust entries.</summary>
    public IReadOnlyDictionary<string, string> Claims { get; init; } = new Dictionary<string, string>();

    /// <summary>The scope of another service asked about, or a permission that stands for one; null: it is about Git, and the next three say what is asked.</summary>
    public ScopeWord? Scope { get; init; }

    /// <summary>The repository asked about; null where a scope is.</summary>
    public RepositoryPath? Repository { get; init; }

    /// <summary>The actions asked for, all of them.</summary>
    public AccessAction Action { get; init; }

    /// <summary>The ref asked about, or null for the repository.</summary>
    public RefName? Reference { get; init; }

    /// <summary>Whether it should be allowed.</summary>
    public required bool IsAllowed { get; init; }

    /// <summary>Runs the case: the same decision as for a real request.</summary>
    public PolicyCaseResult Run(AccessPolicy policy)
    {
        var permissions = Permissions is not null
            ? policy.Expand(Who, Permissions)
            : policy.PermissionsFor(Who).Union(policy.TrustFor(Who.Issuer, name => Claims.GetValueOrDefault(name)));
        if (Scope is { } scope)
        {
            var (decided, lines) = ScopeDecider.Explain(permissions, policy, null, scope);
            return new PolicyCaseResult(this, decided, lines);
        }
        if (Repository is null)
        {
            return new PolicyCaseResult(this, default, []);
        }
        var decision = RepositoryAccess.For(permissions, policy, Repository).Decide(Action, Reference);
        return new PolicyCaseResult(this, decision, [.. Explainer.Explain(permissions, policy, Repository, Action, Reference).SelectMany(explanation => explanation.Lines)]);
    }
}

/// <summary>What came of a case.</summary>
/// <param name="Case">The case.</param>
/// <param name="Decision">What was decided.</param>
/// <param name="Lines">Why.</param>
public sealed record PolicyCaseResult(PolicyCase Case, Decision Decision, IReadOnlyList<ExplanationLine> Lines)
{
    /// <summary>Whether it came out as it should.</summary>
    public bool Passed => Decision.IsAllowed == Case.IsAllowed;
}
