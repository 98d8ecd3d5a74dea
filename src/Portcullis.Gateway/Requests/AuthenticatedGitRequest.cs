using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;

namespace Portcullis.Gateway.Requests;

/// <summary>Step 2's value: a request whose token is valid.</summary>
/// <param name="Request">What is asked.</param>
/// <param name="Caller">Who asks.</param>
/// <param name="Permissions">What the token and the policy give the caller.</param>
/// <param name="Policy">The policy in force when the request came.</param>
/// <param name="Ceiling">What the issuer of the token can give at most; null for no such bound.</param>
/// <param name="Ended">Cancelled when the client leaves, or what the request stands on is revoked.</param>
internal sealed record AuthenticatedGitRequest(
    GitRequest Request, Caller Caller, PermissionSet Permissions, AccessPolicy Policy, PermissionSet? Ceiling, CancellationToken Ended)
{
    /// <summary>What the credential of a Git LFS transfer is for; null for every other request.</summary>
    public LfsTransfer? Transfer { get; init; }
}
