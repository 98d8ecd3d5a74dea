using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends;

/// <summary>
/// What keeps the Git LFS objects and locks of a repository. As with <see cref="IGitBackend"/>: it takes authorized requests alone, knows neither tokens nor
/// policy, and gives back what happened as a value.
/// </summary>
internal interface ILfsBackend
{
    /// <summary>Says of each object of a batch, in its order, what this caller may be told of it.</summary>
    /// <param name="request">The request, which may go this way on the ref that it names.</param>
    /// <param name="batch">Which objects, and which way.</param>
    /// <returns>Exactly one of the two is not null.</returns>
    Task<(IReadOnlyList<LfsObjectState>? States, Refusal? Refusal)> FindAsync(AuthorizedGitRequest request, LfsBatchRequest batch);

    /// <summary>Sends an object. The credential of the request says that it may be had.</summary>
    Task<BackendOutcome> DownloadAsync(AuthorizedGitRequest request, LfsObject wanted, GitResponse response);

    /// <summary>Takes an object. When it is said to be stored, it is on the disk and its content is what its name says.</summary>
    Task<BackendOutcome> UploadAsync(AuthorizedGitRequest request, LfsObject brought, GitResponse response);

    /// <summary>Whether this caller has brought the object before, whole. Null for yes.</summary>
    Task<Refusal?> VerifyAsync(AuthorizedGitRequest request, LfsObject brought);

    /// <summary>All locks of the repository, the newest first.</summary>
    Task<IReadOnlyList<LfsLock>> ListLocksAsync(AuthorizedGitRequest request);

    /// <summary>Makes a lock, unless the file is locked. Gives the lock that stands then, whoever made it.</summary>
    Task<(LfsLock Lock, bool IsMade)> LockAsync(AuthorizedGitRequest request, LfsLock wanted);

    /// <summary>Takes a lock away. False when it was gone already.</summary>
    Task<bool> UnlockAsync(AuthorizedGitRequest request, LfsLock condemned);
}
