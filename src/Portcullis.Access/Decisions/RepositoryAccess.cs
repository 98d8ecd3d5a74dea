using System.Text;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;

namespace Portcullis.Access.Decisions;

/// <summary>
/// One caller in one repository: <see cref="Decider"/> with everything that does not hold in the repository left out beforehand.
/// Immutable; a caller may keep it for as long as the token and the policy are the same.
/// </summary>
public sealed class RepositoryAccess
{
    private const int MaxDescribed = 4;

    private const AccessAction SeenByPushers = AccessAction.Pull | AccessAction.Update | AccessAction.Force | AccessAction.Delete;

    private readonly Permission[] _permissions;
    private readonly GuardRail[] _rules;
    private readonly Permission[] _ceiling;
    private readonly bool _hasCeiling;

    private RepositoryAccess(RepositoryPath repository, Permission[] permissions, GuardRail[] rules, Permission[]? ceiling)
    {
        Repository = repository;
        _permissions = permissions;
        _rules = rules;
        _ceiling = ceiling ?? [];
        _hasCeiling = ceiling is not null;
        MayKnowRepository = AllowsAny(AccessActionWords.All);
        MayPullEveryRef = HasAllRefs(_permissions, AccessAction.Pull)
            && (!_hasCeiling || HasAllRefs(_ceiling, AccessAction.Pull))
            && !Array.Exists(_rules, rule => (rule.Deny & AccessAction.Pull) != 0);
    }

    /// <summary>The repository.</summary>
    public RepositoryPath Repository { get; }

    /// <summary>Whether the caller may learn that the repository exists: anything at all may be allowed to them here.</summary>
    public bool MayKnowRepository { get; }

    /// <summary>
    /// Whether the caller provably may pull every ref that is or will be: one permission for every ref, nothing excluded, and no rule here that denies
    /// <c>pull</c>. When false, only the refs that <see cref="IsVisible"/> allows may be shown, and what they reach.
    /// </summary>
    public bool MayPullEveryRef { get; }

    /// <summary>A caller's access to one repository.</summary>
    /// <param name="permissions">Everything that the caller has, for any repository.</param>
    /// <param name="policy">The policy in force; its rules count here.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="ceiling">What the caller's permissions can't exceed, such as the ceiling of their token's issuer; null for none.</param>
    public static RepositoryAccess For(PermissionSet permissions, AccessPolicy policy, RepositoryPath repository, PermissionSet? ceiling = null) =>
        For(permissions, policy.Rules, ceiling, repository);

    internal static RepositoryAccess For(
        PermissionSet permissions, IReadOnlyList<GuardRail> rules, PermissionSet? ceiling, RepositoryPath repository) =>
        new(
            repository,
            Within(permissions, repository),
            Holding(rules, repository),
            ceiling is null ? null : Within(ceiling, repository));

    /// <inheritdoc cref="Decider.Decide(PermissionSet, IReadOnlyList{GuardRail}, PermissionSet?, RepositoryPath, AccessAction, RefName?)"/>
    public Decision Decide(AccessAction action, RefName? reference) =>
        Decider.Decide(_permissions, _rules, _ceiling, _hasCeiling, action, reference);

    /// <summary>Whether any one of these actions may be allowed on some ref. Only a no is final.</summary>
    public bool AllowsAny(AccessAction anyOf)
    {
        for (var rest = (uint)anyOf; rest != 0; rest &= rest - 1)
        {
            if (Decide((AccessAction)(rest & (~rest + 1)), null).IsAllowed)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether the caller may see a ref and fetch what it reaches.</summary>
    public bool IsVisible(RefName reference) => MayPullEveryRef || Decide(AccessAction.Pull, reference).IsAllowed;

    /// <summary>Whether the caller may see a ref when about to push: they may pull it, or change what exists.</summary>
    public bool IsVisibleToPush(RefName reference)
    {
        if (MayPullEveryRef)
        {
            return true;
        }
        for (var rest = (uint)SeenByPushers; rest != 0; rest &= rest - 1)
        {
            if (Decide((AccessAction)(rest & (~rest + 1)), reference).IsAllowed)
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>
    /// What the caller has here, as the end of a sentence: <c>pull on every ref; push on refs/heads/agent/*</c>, or <c>nothing</c>.
    /// At most four permissions, in printable ASCII.
    /// </summary>
    public string Describe()
    {
        if (_permissions.Length == 0)
        {
            return "nothing";
        }
        var text = new StringBuilder();
        foreach (var permission in _permissions.Take(MaxDescribed))
        {
            text.Append(text.Length == 0 ? "" : "; ").Append(AccessActionWords.Format(permission.Actions)).Append(" on ");
            if (permission.Refs.Count == 0)
            {
                text.Append("every ref");
            }
            else
            {
                text.AppendJoin(", ", permission.Refs.Where(pattern => !pattern.IsExclusion));
                var excluded = permission.Refs.Where(pattern => pattern.IsExclusion).Select(pattern => pattern.Pattern).ToArray();
                text.Append(excluded.Length == 0 ? "" : " but not ").AppendJoin(", ", (object[])excluded);
            }
        }
        if (_permissions.Length > MaxDescribed)
        {
            text.Append($"; and {_permissions.Length - MaxDescribed} more");
        }
        return text.ToString();
    }

    internal ReadOnlySpan<Permission> Permissions => _permissions;

    internal ReadOnlySpan<GuardRail> Rules => _rules;

    private static bool HasAllRefs(Permission[] permissions, AccessAction action) =>
        Array.Exists(permissions, permission => (permission.Actions & action) == action && permission.IncludesEveryRef);

    // Each request comes through here: no enumerators, no lists that grow.
    private static Permission[] Within(PermissionSet permissions, RepositoryPath repository)
    {
        Permission[] within = [];
        var count = 0;
        foreach (var permission in permissions.Span)
        {
            if (permission.Repository.IsMatch(repository))
            {
                within = count == 0 ? new Permission[permissions.Count] : within;
                within[count++] = permission;
            }
        }
        return Trim(within, count);
    }

    private static GuardRail[] Holding(IReadOnlyList<GuardRail> rules, RepositoryPath repository)
    {
        GuardRail[] holding = [];
        var count = 0;
        for (var i = 0; i < rules.Count; i++)
        {
            if (rules[i].HoldsIn(repository))
            {
                holding = count == 0 ? new GuardRail[rules.Count] : holding;
                holding[count++] = rules[i];
            }
        }
        return Trim(holding, count);
    }

    private static T[] Trim<T>(T[] items, int count) => count == items.Length ? items : items[..count];
}
