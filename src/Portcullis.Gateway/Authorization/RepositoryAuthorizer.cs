using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Authorization;

/// <summary>Step 3, its first look: whether the repository is open to the caller at all, before any byte of a body is read.</summary>
internal sealed class RepositoryAuthorizer(IGitBackend backend)
{
    private const AccessAction AnyChange = AccessAction.Push | AccessAction.Force | AccessAction.Delete;

    /// <summary>Decides. Exactly one of the results is not null.</summary>
    public async ValueTask<(AuthorizedGitRequest? Authorized, Refusal? Refusal)> AuthorizeAsync(AuthenticatedGitRequest authenticated)
    {
        var route = authenticated.Request.Route;
        var access = RepositoryAccess.For(authenticated.Permissions, authenticated.Policy, route.Repository, authenticated.Ceiling);
        if (!access.MayKnowRepository)
        {
            return (null, RefusalTexts.RepositoryNotFound(authenticated));
        }

        // A push is looked at with certainty: a server elsewhere may make what it does not have, and that takes a permission of its own.
        var exists = await backend.ExistsAsync(route.Repository, mustBeCertain: route.Service == GitService.ReceivePack, authenticated.Ended);
        if (route.Service == GitService.UploadPack)
        {
            return exists
                ? Conclude(authenticated, access, AccessAction.Pull, exists)
                : (null, RefusalTexts.RepositoryNotFound(authenticated));
        }

        if (!exists && !access.Decide(AccessAction.Init, null).IsAllowed)
        {
            return (null, RefusalTexts.RepositoryNotFound(authenticated));
        }

        return Conclude(authenticated, access, AnyChange, exists);
    }

    private static (AuthorizedGitRequest? Authorized, Refusal? Refusal) Conclude(
        AuthenticatedGitRequest authenticated, RepositoryAccess access, AccessAction anyOf, bool exists)
    {
        // One that may do any of these to some ref passes here; which refs, the second look decides.
        Decision decision = default;
        for (var rest = (uint)anyOf; rest != 0; rest &= rest - 1)
        {
            decision = access.Decide((AccessAction)(rest & (~rest + 1)), null);
            if (decision.IsAllowed)
            {
                return (new AuthorizedGitRequest(authenticated, access, decision, exists), null);
            }
        }

        return (null, RefusalTexts.ActionNotAllowed(authenticated, access, decision));
    }
}
