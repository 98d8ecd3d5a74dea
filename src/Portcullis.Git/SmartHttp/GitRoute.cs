using Portcullis.Git.Lfs;
using Portcullis.Git.Names;

namespace Portcullis.Git.SmartHttp;

/// <summary>What the request line means. After this nobody looks at path or query again.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Service">
/// The service, from the query for <see cref="GitOperation.Discover"/> and from the path otherwise. For Git LFS, the one whose permission is the least that is needed.
/// </param>
/// <param name="Operation">The operation.</param>
public sealed record GitRoute(RepositoryPath Repository, GitService Service, GitOperation Operation)
{
    /// <summary>The Git LFS object that the path names, for <see cref="GitOperations.IsLfsTransfer"/>.</summary>
    public LfsObjectId? LfsObject { get; init; }

    /// <summary>The id of the lock that the path names, for <see cref="GitOperation.LfsUnlock"/>.</summary>
    public string? LockId { get; init; }

    /// <summary>The query of <see cref="GitOperation.LfsListLocks"/>.</summary>
    public LfsLockQuery? LockQuery { get; init; }
}
