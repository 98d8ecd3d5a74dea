using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Authority.Clients;

namespace Portcullis.Authority.Issuing;

/// <summary>What someone gets: the requested permissions as far as the policy gives them, and never more than the client may have.</summary>
internal sealed class PermissionGrants(AuthorityOptions options)
{
    /// <param name="who">The person, client or workload.</param>
    /// <param name="request">What was asked for; without permissions: everything that the policy gives.</param>
    /// <param name="ceiling">The client's own bounds; null: none.</param>
    /// <param name="problem">Why nothing is granted.</param>
    public PermissionSet? Decide(Identity who, PermissionRequest request, IReadOnlyList<string>? ceiling, out IssuingProblem? problem)
    {
        AccessPolicy policy = options.Policy();
        return Decide(policy, policy.PermissionsFor(who), request, ceiling, out problem);
    }

    /// <summary>How long a token may live that carries what was granted: as the client and the policy's roles say, and never longer than any token may.</summary>
    public TimeSpan Lifetime(ClientInfo client, Identity? who, PermissionSet granted)
    {
        TimeSpan lifetime = client.AccessTokenLifetime ?? options.AccessTokenLifetime;
        if (who is not null)
        {
            TimeSpan byRole = options.Policy().LifetimeFor(who, granted, lifetime);
            lifetime = client.AccessTokenLifetime is null || byRole < lifetime ? byRole : lifetime;
        }

        return lifetime < options.MaxAccessTokenLifetime ? lifetime : options.MaxAccessTokenLifetime;
    }

    /// <param name="policy">The policy in force: scopes that its rules deny are in no token.</param>
    /// <param name="given">What could be had.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="ceiling">The client's own bounds; null: none.</param>
    /// <param name="problem">Why nothing is granted.</param>
    public static PermissionSet? Decide(AccessPolicy policy, PermissionSet given, PermissionRequest request, IReadOnlyList<string>? ceiling, out IssuingProblem? problem)
    {
        problem = null;

        // Who asks for the administration alone is given no repository besides.
        PermissionSet granted = request.NamesPermissions ? request.Permissions.Intersect(given) : request.OtherScopes.Contains(AdministrationScope.Word) ? PermissionSet.Empty : given;
        if (ceiling is not null)
        {
            granted = granted.Intersect(PermissionSet.OfWords(ceiling.Select(text => ScopeWord.Parse(text, "client"))));
        }

        granted = policy.WithoutDeniedScopes(granted).Simplify();
        if (!granted.IsEmpty || (!request.NamesPermissions && request.OtherScopes.Any(scope => scope is "openid" or AdministrationScope.Word)))
        {
            return granted;
        }

        problem = given.IsEmpty
            ? new IssuingProblem("invalid_scope", "The policy gives this account no access to any repository or service. Ask an administrator for a role or a group.")
            : new IssuingProblem("invalid_scope", "The policy gives nothing of what was asked for. Ask for less, or leave scope out to get all that you may have.");
        return null;
    }
}
