using Portcullis.Gateway.Backends.Host.Fetches;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Upstream.Mirrors;

/// <summary>What a fetch from an upstream's repository is judged by: its refs as they are now, and its history as far as it must be known.</summary>
internal sealed class UpstreamHistory(
    UpstreamSite site, RepositoryPath repository, RefSnapshot current, UpstreamFacts facts, MirrorStore mirrors, ReachableObjects reachable) : IRepositoryHistory
{
    /// <inheritdoc/>
    public ValueTask<RefSnapshot> ReadRefsAsync(CancellationToken cancellationToken) => ValueTask.FromResult(current);

    /// <inheritdoc/>
    public async Task RemoveReachableAsync(IReadOnlySet<ObjectId> tips, HashSet<ObjectId> asked, ObjectWalk walk, CancellationToken cancellationToken)
    {
        asked.ExceptWith(tips);
        if (asked.Count == 0 || tips.Count == 0)
        {
            return;
        }

        // Commits first, whatever is asked about: they are a small part of the whole, and most often they tell.
        var isTold = await TryAsync(tips, asked, ObjectWalk.Commits, MirrorLevel.Commits, cancellationToken);
        if (asked.Count > 0 && (walk == ObjectWalk.Objects || !isTold)
            && !await TryAsync(tips, asked, walk, MirrorLevel.Objects, cancellationToken))
        {
            throw new UpstreamException(UpstreamFailure.Malformed, "Its history could not be walked here.");
        }
    }

    private async Task<bool> TryAsync(IReadOnlySet<ObjectId> tips, HashSet<ObjectId> asked, ObjectWalk walk, MirrorLevel level, CancellationToken cancellationToken)
    {
        // Wanted is what refs name: older protocols give nothing else, and tags bring what they stand for.
        var named = current.Entries.Where(entry => entry.Id is { } id && tips.Contains(id)).Select(entry => entry.Id!.Value);
        using var mirror = await mirrors.GetAsync(site, repository, facts, named, level, cancellationToken);
        try
        {
            await reachable.RemoveReachableAsync(mirror.Directory, tips, asked, walk, cancellationToken);
            return true;
        }
        catch (GitFailedException)
        {
            MirrorStore.Forget(mirror);
            return false;
        }
    }
}
