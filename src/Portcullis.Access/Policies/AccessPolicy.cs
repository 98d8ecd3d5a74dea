using System.Collections.Frozen;
using Portcullis.Access.Permissions;

namespace Portcullis.Access.Policies;

/// <summary>
/// A policy that can decide: roles, bindings, trust and guard rails, compiled once, immutable. There is no way to one with a mistake in it.
/// What it does not give, nobody has by it.
/// </summary>
public sealed class AccessPolicy
{
    private readonly FrozenDictionary<string, CompiledRole> _roles;
    private readonly CompiledBinding[] _bindings;
    private readonly TrustEntry[] _trust;
    private readonly FrozenSet<string> _trustIssuers;
    private readonly bool _hasLifetimes;

    internal AccessPolicy(
        IReadOnlyDictionary<string, CompiledRole> roles,
        IReadOnlyList<CompiledBinding> bindings,
        IReadOnlyList<TrustEntry> trust,
        IReadOnlyList<GuardRail> rules,
        IReadOnlyList<PolicyProblem> warnings)
    {
        _roles = roles.ToFrozenDictionary(StringComparer.Ordinal);
        _bindings = [.. bindings];
        _trust = [.. trust];
        _trustIssuers = trust.Select(entry => entry.Issuer).ToFrozenSet(StringComparer.Ordinal);
        _hasLifetimes = roles.Values.Any(role => role.Lifetime is not null);
        Rules = [.. rules];
        Warnings = [.. warnings];
    }

    /// <summary>The policy that says nothing: no roles, no rules. Tokens have what they carry themselves.</summary>
    public static AccessPolicy Empty { get; } = new(new Dictionary<string, CompiledRole>(), [], [], [], []);

    /// <summary>The guard rails, in the order written.</summary>
    public IReadOnlyList<GuardRail> Rules { get; }

    /// <summary>What is allowed and probably not meant, for <c>portcullis policy check</c>.</summary>
    public IReadOnlyList<PolicyProblem> Warnings { get; }

    /// <summary>The names of the roles.</summary>
    public IReadOnlyCollection<string> RoleNames => _roles.Keys;

    /// <summary>Compiles a policy.</summary>
    /// <param name="definition">What is written.</param>
    /// <param name="problems">Every mistake in it, in the order of the text; empty when there is none.</param>
    /// <returns>The policy, or null when there is any mistake.</returns>
    public static AccessPolicy? Compile(PolicyDefinition definition, out IReadOnlyList<PolicyProblem> problems) =>
        new PolicyCompiler().Compile(definition, out problems);

    /// <summary>
    /// What a token allows: its own permissions and those of the roles that it names. A role's permissions for <c>{repository}</c> come by the
    /// bindings of that role that mean this caller or name no subjects.
    /// Bindings of roles that the token does not name add nothing: a token narrowed on purpose stays narrow. For all that the policy gives to someone, see
    /// <see cref="PermissionsFor"/>.
    /// </summary>
    /// <param name="who">The caller.</param>
    /// <param name="own">The permissions in the token; the empty set where its issuer's do not count.</param>
    public PermissionSet Expand(Identity who, PermissionSet own)
    {
        if (who.Roles.Count == 0 || _roles.Count == 0)
        {
            return own;
        }
        var permissions = new List<ScopeWord>();
        foreach (var name in who.Roles.Distinct(StringComparer.Ordinal))
        {
            if (!_roles.TryGetValue(name, out var role))
            {
                continue;
            }
            role.Everywhere.AddTo(permissions, who.Subject);
            foreach (var binding in _bindings)
            {
                if (ReferenceEquals(binding.Role, role) && IsFor(binding, who) && (binding.Subjects is null || binding.Names(who)))
                {
                    binding.Permissions.AddTo(permissions, who.Subject);
                }
            }
        }
        return own.Union(PermissionSet.OfWords(permissions));
    }

    /// <summary>
    /// All that the policy gives to someone: by bindings that mean them, and by the roles that they name. For the authority, which issues tokens within it,
    /// and for issuers whose tokens' own permissions do not count.
    /// </summary>
    public PermissionSet PermissionsFor(Identity who)
    {
        var permissions = new List<ScopeWord>();
        foreach (var binding in _bindings)
        {
            if (binding.Subjects is not null && IsFor(binding, who) && binding.Names(who))
            {
                binding.Role.Everywhere.AddTo(permissions, who.Subject);
                binding.Permissions.AddTo(permissions, who.Subject);
            }
        }
        return Expand(who, PermissionSet.OfWords(permissions));
    }

    /// <summary>
    /// A set without the scopes of other services that a rule denies: what the authority may put into a token. Permissions stay as they are, since whoever judges a Git request knows the rules; a service that reads
    /// tokens by itself knows none.
    /// </summary>
    public PermissionSet WithoutDeniedScopes(PermissionSet permissions) => Rules.All(rule => rule.Scopes.Count == 0)
        ? permissions
        : PermissionSet.Of(permissions.Permissions, permissions.Scopes.SelectMany(scope => scope.ByAction()).Where(scope => !Rules.Any(rule => rule.Denies(ScopeWord.Of(scope))))).Simplify();

    /// <summary>The same as <see cref="PermissionsFor"/> gives by bindings, one by one, with the reason.</summary>
    public IReadOnlyList<BoundPermissions> BindingsFor(Identity who)
    {
        var bound = new List<BoundPermissions>();
        foreach (var binding in _bindings)
        {
            if (binding.Subjects is not null && IsFor(binding, who) && binding.Names(who))
            {
                var permissions = new List<ScopeWord>();
                binding.Role.Everywhere.AddTo(permissions, who.Subject);
                binding.Permissions.AddTo(permissions, who.Subject);
                bound.Add(new BoundPermissions(
                    binding.Role.Name, binding.Location, [.. binding.Subjects.Where(subject => subject.IsMatch(who)).Select(subject => subject.ToString())], PermissionSet.OfWords(permissions)));
            }
        }
        return bound;
    }

    /// <summary>
    /// How long a token may live that the authority issues to someone: the longest time for which their roles still give everything in it. What only a
    /// short-lived role gives makes the token short-lived; what another role gives as well does not.
    /// </summary>
    /// <param name="who">The caller, as for <see cref="PermissionsFor"/>.</param>
    /// <param name="granted">What the token allows: no more than <see cref="PermissionsFor"/> gives.</param>
    /// <param name="otherwise">The time for roles that say none.</param>
    public TimeSpan LifetimeFor(Identity who, PermissionSet granted, TimeSpan otherwise)
    {
        if (!_hasLifetimes || granted.IsEmpty)
        {
            return otherwise;
        }
        var given = new List<(TimeSpan Lifetime, CompiledBinding Binding)>();
        foreach (var binding in _bindings)
        {
            if (binding.Subjects is not null && IsFor(binding, who) && binding.Names(who))
            {
                given.Add((binding.Role.Lifetime ?? otherwise, binding));
            }
        }
        given.Sort((left, right) => right.Lifetime.CompareTo(left.Lifetime));
        var permissions = new List<ScopeWord>();
        for (var i = 0; i < given.Count; i++)
        {
            given[i].Binding.Role.Everywhere.AddTo(permissions, who.Subject);
            given[i].Binding.Permissions.AddTo(permissions, who.Subject);
            var last = i + 1 == given.Count || given[i + 1].Lifetime < given[i].Lifetime;
            if (last && PermissionSet.OfWords(permissions).Covers(granted))
            {
                return given[i].Lifetime;
            }
        }
        // Not proved: then no longer than the shortest.
        return given.Count > 0 && given[^1].Lifetime < otherwise ? given[^1].Lifetime : otherwise;
    }

    /// <summary>What the trust entries give to a token of another issuer; entries that are audit-only give nothing.</summary>
    /// <param name="issuer">The validated token's issuer.</param>
    /// <param name="claim">A claim of the validated token as text, or null when it has none of that name that is one text, number or truth value.</param>
    public PermissionSet TrustFor(string issuer, Func<string, string?> claim) =>
        MatchTrust(issuer, claim).Where(entry => !entry.IsAuditOnly).Aggregate(PermissionSet.Empty, (given, entry) => given.Union(entry.Permissions));

    /// <summary>The trust entries that match a token, audit-only ones included, for the audit and for <c>explain</c>.</summary>
    /// <inheritdoc cref="TrustFor"/>
    public IReadOnlyList<TrustEntry> MatchTrust(string issuer, Func<string, string?> claim) =>
        _trustIssuers.Contains(issuer) ? [.. _trust.Where(entry => entry.IsMatch(issuer, claim))] : [];

    // A workload issuer gives tokens to strangers, too; `user:*` does not mean them. A binding has to name such an issuer.
    private bool IsFor(CompiledBinding binding, Identity who) => binding.Issuer is { } issuer
        ? string.Equals(issuer, who.Issuer, StringComparison.Ordinal)
        : !_trustIssuers.Contains(who.Issuer);
}
