using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Git;
using Portcullis.Git.Advertisements;

namespace Portcullis.Gateway.Backends.Host.Fetches;

/// <summary>What a fetch is judged by, wherever the repository is.</summary>
internal interface IRepositoryHistory
{
    /// <summary>The refs as they are now.</summary>
    ValueTask<RefSnapshot> ReadRefsAsync(CancellationToken cancellationToken);

    /// <summary>Removes from <paramref name="asked"/> what the tips reach.</summary>
    /// <param name="tips">Object ids of refs, peeled or not.</param>
    /// <param name="asked">What is asked about; afterwards, what is not reached.</param>
    /// <param name="walk">Whether trees and blobs count, or commits alone.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    Task RemoveReachableAsync(IReadOnlySet<ObjectId> tips, HashSet<ObjectId> asked, ObjectWalk walk, CancellationToken cancellationToken);
}
