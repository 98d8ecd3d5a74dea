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
    private const AccessAction AnyUpload = AccessAction.Push | AccessAction.Force;
    private const AccessAction AnyChange = AccessAction.Push | AccessAction.Force | AccessAction.Delete;

    /// <summary>Decides. Exactly one of the results is not null; what is authorized is to be disposed of.</summary>
    public async ValueTask<(AuthorizedGitRequest? Authorized, Refusal? Refusal)> AuthorizeAsync(AuthenticatedGitRequest authenticated)
    {
        var route = authenticated.Request.Route;
        var access = RepositoryAccess.For(authenticated.Permissions, authenticated.Policy, route.Repository, authenticated.Ceiling);
        if (!access.MayKnowRepository)
        {
            return (null, RefusalTexts.RepositoryNotFound(authenticated));
        }

        // git-lfs brings its objects before git brings the refs, so a repository may be made by either.
        var mayBeMade = route.Service == GitService.ReceivePack || route.Operation == GitOperation.LfsBatch;

        // A push is looked at with certainty: a server elsewhere may make what it does not have, and that takes a permission of its own.
        var found = await backend.FindAsync(route.Repository, mustBeCertain: mayBeMade, authenticated.Ended);
        if (found is null && !(mayBeMade && access.Decide(AccessAction.Init, null).IsAllowed))
        {
            return (null, RefusalTexts.RepositoryNotFound(authenticated));
        }

        var (authorized, refusal) = Conclude(authenticated, access, AnyOf(route), found);
        if (authorized is null)
        {
            found?.Dispose();
        }

        return (authorized, refusal);
    }

    // A batch says in its body which way its objects are to go: that is decided when it is read.
    private static AccessAction AnyOf(GitRoute route) => route switch
    {
        { Operation: GitOperation.LfsBatch } => AccessAction.Pull | AnyUpload,
        { Service: GitService.UploadPack } => AccessAction.Pull,
        _ => route.Operation.IsLfs() ? AnyUpload : AnyChange,
    };

    private static (AuthorizedGitRequest? Authorized, Refusal? Refusal) Conclude(
        AuthenticatedGitRequest authenticated, RepositoryAccess access, AccessAction anyOf, BackendRepository? found)
    {
        // One that may do any of these to some ref passes here; which refs, the second look decides.
        Decision decision = default;
        for (var rest = (uint)anyOf; rest != 0; rest &= rest - 1)
        {
            decision = access.Decide((AccessAction)(rest & (~rest + 1)), null);
            if (decision.IsAllowed)
            {
                return (new AuthorizedGitRequest(authenticated, access, decision, found), null);
            }
        }

        return (null, RefusalTexts.ActionNotAllowed(authenticated, access, decision));
    }
}
