using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Authorization;

/// <summary>
/// Step 3's value: a request that an allowing <see cref="Decision"/> stands behind. Backends take nothing else, and only
/// <see cref="RepositoryAuthorizer"/> makes one, so a skipped check does not compile.
/// </summary>
internal sealed class AuthorizedGitRequest : IDisposable
{
    private readonly AuthenticatedGitRequest authenticated;
    private readonly RepositoryAccess access;

    internal AuthorizedGitRequest(AuthenticatedGitRequest authenticated, RepositoryAccess access, Decision decision, BackendRepository? found)
    {
        if (!decision.IsAllowed)
        {
            throw new ArgumentException("A request is authorized by an allowing decision alone.", nameof(decision));
        }

        this.authenticated = authenticated;
        this.access = access;
        Request = authenticated.Request;
        Caller = authenticated.Caller;
        Transfer = authenticated.Transfer;
        Ended = authenticated.Ended;
        Found = found;
    }

    /// <summary>What is asked.</summary>
    public GitRequest Request { get; }

    /// <summary>Who asks.</summary>
    public Caller Caller { get; }

    /// <summary>What the credential of a Git LFS transfer is for; null for every other request.</summary>
    public LfsTransfer? Transfer { get; }

    /// <summary>The repository.</summary>
    public RepositoryPath Repository => access.Repository;

    /// <summary>False for a repository that this push may make.</summary>
    public bool RepositoryExists => Found is not null;

    /// <summary>What the backend found for this request; null for a repository that this push may make.</summary>
    public BackendRepository? Found { get; }

    /// <summary>Cancelled when the client leaves, or what the request stands on is revoked.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Whether the caller may see every ref, so that nothing need be filtered.</summary>
    public bool SeesEveryRef => access.MayPullEveryRef;

    /// <summary>Whether the caller may see a ref and fetch what it reaches.</summary>
    public bool IsVisible(RefName reference) => access.IsVisible(reference);

    /// <summary>Whether a ref is shown to the caller who is about to push.</summary>
    public bool IsVisibleToPush(RefName reference) => access.IsVisibleToPush(reference);

    /// <summary>The decision about one change of one ref: the same function as everywhere.</summary>
    public Decision Decide(AccessAction action, RefName reference) => access.Decide(action, reference);

    /// <summary>The decision about one change of some ref or other: only a no is final.</summary>
    public Decision DecideOnAnyRef(AccessAction action) => access.Decide(action, null);

    /// <summary>The same request for a repository of another name, about which nothing is decided yet; null where the caller may not even know that one.</summary>
    public AuthenticatedGitRequest? AskedOf(RepositoryPath renamed) =>
        RepositoryAccess.For(authenticated.Permissions, authenticated.Policy, renamed, authenticated.Ceiling).MayKnowRepository
            ? authenticated with { Request = authenticated.Request with { Route = authenticated.Request.Route with { Repository = renamed } } }
            : null;

    /// <summary>What the caller may do here, in words.</summary>
    public string DescribeAccess() => access.Describe();

    /// <inheritdoc/>
    public void Dispose() => Found?.Dispose();
}
