using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Access.Policies;

/// <summary>What tokens of another issuer are worth when all the named claims match. Matches are anchored at both ends.</summary>
public sealed class TrustEntry
{
    private readonly (string Name, WildcardPattern Value)[] _claims;

    internal TrustEntry(
        string issuer, IEnumerable<(string, WildcardPattern)> claims, PermissionSet permissions, bool isAuditOnly, SourceLocation location)
    {
        Issuer = issuer;
        _claims = [.. claims];
        Permissions = permissions;
        IsAuditOnly = isAuditOnly;
        Location = location;
    }

    /// <summary>The issuer, compared exactly.</summary>
    public string Issuer { get; }

    /// <summary>What is then allowed.</summary>
    public PermissionSet Permissions { get; }

    /// <summary>Whether what it would give is only recorded.</summary>
    public bool IsAuditOnly { get; }

    /// <summary>Where it is written.</summary>
    public SourceLocation Location { get; }

    /// <summary>The names of the claims that must match.</summary>
    public IEnumerable<string> ClaimNames => _claims.Select(claim => claim.Name);

    internal bool IsMatch(string issuer, Func<string, string?> claim)
    {
        if (!string.Equals(issuer, Issuer, StringComparison.Ordinal))
        {
            return false;
        }
        foreach (var (name, pattern) in _claims)
        {
            if (claim(name) is not { } value || !pattern.IsMatch(value))
            {
                return false;
            }
        }
        return true;
    }
}
