using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;

namespace Portcullis.Access.Decisions;

/// <summary>Says why. It asks <see cref="Decider"/> and reports what each permission and rule contributes; it decides nothing itself.</summary>
public static class Explainer
{
    /// <summary>Explains a decision, action by action.</summary>
    /// <param name="permissions">The caller's permissions.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="actions">The actions asked for; <c>push</c> gives two explanations.</param>
    /// <param name="reference">The ref, or null to ask about the repository.</param>
    /// <param name="ceiling">What the permissions can't exceed, or null.</param>
    public static IReadOnlyList<Explanation> Explain(
        PermissionSet permissions,
        AccessPolicy policy,
        RepositoryPath repository,
        AccessAction actions,
        RefName? reference,
        PermissionSet? ceiling = null)
    {
        var access = RepositoryAccess.For(permissions, policy, repository, ceiling);
        return [.. AccessActionWords.Each(actions).Select(action => Explain(access, permissions, ceiling, action, reference))];
    }

    private static Explanation Explain(
        RepositoryAccess access, PermissionSet permissions, PermissionSet? ceiling, AccessAction action, RefName? reference)
    {
        var decision = access.Decide(action, reference);
        var lines = new List<ExplanationLine>();
        var word = AccessActionWords.Format(action);
        var subject = action == AccessAction.Init ? null : reference;
        foreach (var permission in permissions)
        {
            var decisive = ReferenceEquals(permission, decision.Permission) && decision.IsAllowed;
            lines.Add(new(Named(permission, Judge(permission, access.Repository, action, subject, word)), decisive));
        }
        if (permissions.Count == 0)
        {
            lines.Add(new("there are no permissions", true));
        }
        else if (decision.Permission is null)
        {
            lines.Add(new(decision.Reason switch
            {
                DecisionReason.RefNotMatched => $"no permission gives {word} on this ref",
                DecisionReason.NoPermissionForAction => $"no permission gives {word} in this repository",
                _ => "no permission is for this repository",
            }, true));
        }
        foreach (var permission in ceiling ?? Enumerable.Empty<Permission>())
        {
            lines.Add(new($"ceiling {permission}: {Judge(permission, access.Repository, action, subject, word)}", false));
        }
        if (decision.Reason == DecisionReason.AboveCeiling)
        {
            lines.Add(new("the ceiling of the token's issuer does not reach so far", true));
        }
        foreach (var rule in access.Rules)
        {
            lines.Add(new($"rule {rule}: {Judge(rule, action, subject, word)}", ReferenceEquals(rule, decision.Rule)));
        }
        return new Explanation(action, decision, lines);
    }

    private static string Named(Permission permission, string judgement) =>
        permission.Origin is null ? $"{permission}: {judgement}" : $"{permission} ({permission.Origin}): {judgement}";

    private static string Judge(Permission permission, RepositoryPath repository, AccessAction action, RefName? reference, string word)
    {
        if (!permission.Repository.IsMatch(repository))
        {
            return "is for other repositories";
        }
        if ((permission.Actions & action) == 0)
        {
            return $"does not give {word}";
        }
        if (reference is null || permission.IncludesRef(reference))
        {
            return $"gives {word}";
        }
        foreach (var pattern in permission.Refs)
        {
            if (pattern.IsExclusion && pattern.IsMatch(reference))
            {
                return $"excludes this ref by {pattern}";
            }
        }
        return "is for other refs";
    }

    private static string Judge(GuardRail rule, AccessAction action, RefName? reference, string word)
    {
        if ((rule.Deny & action) == 0)
        {
            return $"does not deny {word}";
        }
        if (reference is null)
        {
            return rule.IncludesEveryRef || action == AccessAction.Init ? $"denies {word}" : $"denies {word} on some refs";
        }
        return rule.HoldsFor(reference) ? $"denies {word} on this ref" : "is for other refs";
    }
}
