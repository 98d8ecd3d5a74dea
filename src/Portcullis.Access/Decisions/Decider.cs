using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;

namespace Portcullis.Access.Decisions;

/// <summary>
/// The one decision: (permissions, guard rails, request) to yes or no, with the reason. Push checks, the hiding of refs, <c>explain</c>, policy tests and
/// the audit all end here. Pure; it allocates nothing.
/// </summary>
public static class Decider
{
    /// <summary>Decides.</summary>
    /// <param name="permissions">What is allowed; they add up.</param>
    /// <param name="rules">What is denied whatever is allowed.</param>
    /// <param name="ceiling">What the permissions can't exceed, or null for no such limit.</param>
    /// <param name="repository">The repository asked about.</param>
    /// <param name="action">What is asked for. Of several, each must be allowed; the first refusal counts. None is refused.</param>
    /// <param name="reference">
    /// The ref asked about, or null for a question about the repository: then yes means "perhaps for some ref", and only a no is final.
    /// <see cref="AccessAction.Init"/> is always about the repository.
    /// </param>
    public static Decision Decide(
        PermissionSet permissions,
        IReadOnlyList<GuardRail> rules,
        PermissionSet? ceiling,
        RepositoryPath repository,
        AccessAction action,
        RefName? reference) => RepositoryAccess.For(permissions, rules, ceiling, repository).Decide(action, reference);

    /// <summary>The decision within one repository. Everything given already holds in that repository.</summary>
    internal static Decision Decide(
        ReadOnlySpan<Permission> permissions,
        ReadOnlySpan<GuardRail> rules,
        ReadOnlySpan<Permission> ceiling,
        bool hasCeiling,
        AccessAction action,
        RefName? reference)
    {
        if (action == AccessAction.None)
        {
            return new Decision(permissions.IsEmpty ? DecisionReason.NoPermissionForRepository : DecisionReason.NoPermissionForAction, null, null);
        }
        var last = default(Decision);
        for (var rest = (uint)action; rest != 0; rest &= rest - 1)
        {
            last = DecideOne(permissions, rules, ceiling, hasCeiling, (AccessAction)(rest & (~rest + 1)), reference);
            if (!last.IsAllowed)
            {
                break;
            }
        }
        return last;
    }

    private static Decision DecideOne(
        ReadOnlySpan<Permission> permissions,
        ReadOnlySpan<GuardRail> rules,
        ReadOnlySpan<Permission> ceiling,
        bool hasCeiling,
        AccessAction action,
        RefName? reference)
    {
        if (action == AccessAction.Init)
        {
            reference = null;
        }
        var allowing = Find(permissions, action, reference, out var reason);
        if (allowing is null)
        {
            return new Decision(reason, null, null);
        }
        if (hasCeiling && Find(ceiling, action, reference, out _) is null)
        {
            return new Decision(DecisionReason.AboveCeiling, allowing, null);
        }
        foreach (var rule in rules)
        {
            if ((rule.Deny & action) != 0
                && (reference is not null ? rule.HoldsFor(reference) : action == AccessAction.Init || rule.IncludesEveryRef))
            {
                return new Decision(DecisionReason.DeniedByRule, allowing, rule);
            }
        }
        return new Decision(DecisionReason.Allowed, allowing, null);
    }

    private static Permission? Find(ReadOnlySpan<Permission> permissions, AccessAction action, RefName? reference, out DecisionReason reason)
    {
        reason = permissions.IsEmpty ? DecisionReason.NoPermissionForRepository : DecisionReason.NoPermissionForAction;
        foreach (var permission in permissions)
        {
            if ((permission.Actions & action) != 0)
            {
                if (reference is null || permission.IncludesRef(reference))
                {
                    return permission;
                }
                reason = DecisionReason.RefNotMatched;
            }
        }
        return null;
    }
}
