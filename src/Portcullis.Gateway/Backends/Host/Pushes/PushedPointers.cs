using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Requests;
using Portcullis.Git;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>
/// Judges the Git LFS pointers that a pusher brings who does not see every ref. Whoever may pull a ref may have what its pointers point to
/// (<see cref="ReachablePointers"/>); so a pointer to an object that the pusher neither has brought nor may have would be a way to what is hidden.
/// </summary>
internal sealed class PushedPointers(SmallBlobs blobs, ReachablePointers reachable, GatewayOptions options)
{
    // What is more than this at once was not made by working.
    private const int MaxUnknown = 100_000;

    /// <summary>Whether every pointer among the pushed objects points to something that the pusher has brought, or that a ref points to which they may pull.</summary>
    /// <param name="directory">The repository, or the mirror of one elsewhere.</param>
    /// <param name="folder">Knows who has brought what to it.</param>
    /// <param name="quarantine">The quarantine's object directory; null when the push brought no objects.</param>
    /// <param name="pusher">Who pushes.</param>
    /// <param name="visible">The values of the refs that the pusher may pull, before the push.</param>
    /// <param name="cancellationToken">Ends the inspection.</param>
    /// <exception cref="GitFailedException">git could not read what was pushed.</exception>
    public async Task<bool> AreKnownAsync(
        string directory, LfsFolder folder, string? quarantine, Caller pusher, IReadOnlySet<ObjectId> visible, CancellationToken cancellationToken)
    {
        // A blob that the push did not bring is reached by a visible ref already (QuarantineInspector.IsConnectedAsync), and with it its pointer.
        if (!options.LfsEnabled || quarantine is null)
        {
            return true;
        }

        HashSet<LfsObjectId> unknown = [];
        await foreach (var blob in blobs.ReadAsync(directory, quarantine, hasLowPriority: false, cancellationToken))
        {
            if (LfsPointer.TryParse(blob, out var pointed) && !folder.IsHeldBy(pointed.Id, pusher))
            {
                unknown.Add(pointed.Id);
                if (unknown.Count > MaxUnknown)
                {
                    return false;
                }
            }
        }

        await reachable.RemoveReachableAsync(directory, visible, unknown, cancellationToken);
        return unknown.Count == 0;
    }
}
