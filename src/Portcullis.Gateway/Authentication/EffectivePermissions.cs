using System.Runtime.CompilerServices;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Gateway.Authentication;

/// <summary>What a valid token and the policy give together. Worked out once for each token and policy, since a token is shown many times.</summary>
public sealed class EffectivePermissions(TrustTrials? trials = null)
{
    private readonly ConditionalWeakTable<ValidatedToken, Entry> known = [];
    private readonly ConditionalWeakTable<TrustedIssuer, PermissionSet> ceilings = [];

    /// <summary>The permissions of a token's bearer under a policy.</summary>
    public PermissionSet Of(ValidatedToken token, AccessPolicy policy)
    {
        if (known.TryGetValue(token, out var entry) && ReferenceEquals(entry.Policy, policy))
        {
            return entry.Permissions;
        }

        var permissions = Compute(token, policy);
        known.AddOrUpdate(token, new Entry(policy, permissions));
        return permissions;
    }

    /// <summary>The most that a token's issuer can give; null for no bound.</summary>
    public PermissionSet? CeilingOf(ValidatedToken token)
    {
        var issuer = token.IssuerSettings;
        if (issuer.Ceiling is null or { Count: 0 })
        {
            return null;
        }

        return ceilings.GetValue(issuer, static settings => PermissionSet.FromScope(string.Join(' ', settings.Ceiling!)));
    }

    private PermissionSet Compute(ValidatedToken token, AccessPolicy policy)
    {
        var identity = new Identity(token.Issuer, token.Subject, token.ClientId, token.Roles, token.Groups);
        if (token.IssuerSettings.Permissions == PermissionSource.Token)
        {
            // Bindings of roles that the token does not name add nothing: one that was narrowed stays narrow.
            return policy.Expand(identity, PermissionSet.FromClaims(token.Scope, token.AuthorizationDetails));
        }

        var trusted = policy.TrustFor(token.Issuer, name => token.TryGetClaim(name, out var value) ? value : null);
        foreach (var trial in policy.MatchTrust(token.Issuer, name => token.TryGetClaim(name, out var value) ? value : null).Where(entry => entry.IsAuditOnly))
        {
            trials?.Record(token, trial);
        }

        return policy.PermissionsFor(identity).Union(trusted);
    }

    private sealed record Entry(AccessPolicy Policy, PermissionSet Permissions);
}
