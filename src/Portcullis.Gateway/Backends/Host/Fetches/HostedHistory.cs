using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Git;
using Portcullis.Git.Advertisements;

namespace Portcullis.Gateway.Backends.Host.Fetches;

/// <summary>Refs and history of a repository on this machine's disk.</summary>
internal sealed class HostedHistory(RefReader refs, ReachableObjects reachable, string directory) : IRepositoryHistory
{
    /// <inheritdoc/>
    public async ValueTask<RefSnapshot> ReadRefsAsync(CancellationToken cancellationToken) => await refs.ReadForFetchAsync(directory, cancellationToken);

    /// <inheritdoc/>
    public Task RemoveReachableAsync(IReadOnlySet<ObjectId> tips, HashSet<ObjectId> asked, ObjectWalk walk, CancellationToken cancellationToken) =>
        reachable.RemoveReachableAsync(directory, tips, asked, walk, cancellationToken);
}
