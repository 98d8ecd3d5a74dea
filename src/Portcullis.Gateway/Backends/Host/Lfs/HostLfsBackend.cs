using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>Git LFS objects on this machine's disk, beside the repositories.</summary>
internal sealed class HostLfsBackend(
    RepositoryStore store,
    LfsFolders folders,
    RefReader refs,
    ReachablePointers pointers,
    GitProcessLimiter limiter,
    ObjectReceiver receiver,
    GatewayOptions options,
    TimeProvider time) : ILfsBackend
{
    /// <inheritdoc/>
    public async Task<(IReadOnlyList<LfsObjectState>? States, Refusal? Refusal)> FindAsync(AuthorizedGitRequest request, LfsBatchRequest batch)
    {
        if (store.Locate(request.Repository) is not { } directory)
        {
            return ([.. batch.Objects.Select(asked => new LfsObjectState(asked, PresenceOfNew(asked, null)))], null);
        }

        var folder = folders.Of(request.Repository, directory);
        HashSet<LfsObjectId> hidden = [];
        if (!request.SeesEveryRef)
        {
            // What the caller brought is theirs to know of; of everything else a ref that they may pull must tell them. Asked about before it is known what is there.
            hidden = [.. batch.Objects.Select(asked => asked.Id).Where(id => batch.Direction == LfsDirection.Download || !folder.IsHeldBy(id, request.Caller))];
            using var slot = await limiter.AcquireAsync(request.Ended);
            if (slot is null)
            {
                return (null, RefusalTexts.Busy());
            }

            await pointers.RemoveReachableAsync(directory, await VisibleTipsAsync(request, directory), hidden, request.Ended);
        }

        return (
            [
                .. batch.Objects.Select(asked => new LfsObjectState(asked, hidden.Contains(asked.Id)
                    ? batch.Direction == LfsDirection.Upload ? PresenceOfNew(asked, directory) : LfsPresence.Absent
                    : folder.SizeOf(asked.Id) switch
                    {
                        null => batch.Direction == LfsDirection.Upload ? PresenceOfNew(asked, directory) : LfsPresence.Absent,
                        var size when size == asked.Size && (batch.Direction == LfsDirection.Download || folder.TryRenew(asked.Id, time.GetUtcNow())) => LfsPresence.Present,
                        var size when size == asked.Size => PresenceOfNew(asked, directory),
                        _ => LfsPresence.OtherSize,
                    })),
            ],
            null);
    }

    /// <inheritdoc/>
    public async Task<BackendOutcome> DownloadAsync(AuthorizedGitRequest request, LfsObject wanted, GitResponse response)
    {
        using var file = store.Locate(request.Repository) is { } directory ? folders.Of(request.Repository, directory).Open(wanted.Id) : null;
        return file is null
            ? BackendOutcome.Refused(RefusalTexts.Make(RefusalReason.LfsObjectNotFound, "The object is not here any more."))
            : await ObjectSender.SendAsync(request, wanted.Id, file.SafeFileHandle, file.Length, response);
    }

    /// <inheritdoc/>
    public async Task<BackendOutcome> UploadAsync(AuthorizedGitRequest request, LfsObject brought, GitResponse response)
    {
        if (!request.RepositoryExists)
        {
            await store.CreateAsync(request.Repository, ObjectFormat.Sha1, request.Ended);
        }

        var directory = store.Locate(request.Repository) ?? throw new IOException("The repository was deleted while an upload to it began.");
        return await receiver.ReceiveAsync(request, folders.Of(request.Repository, directory), brought, response);
    }

    /// <inheritdoc/>
    public Task<Refusal?> VerifyAsync(AuthorizedGitRequest request, LfsObject brought)
    {
        var isHere = store.Locate(request.Repository) is { } directory
            && folders.Of(request.Repository, directory) is var folder
            && folder.IsHeldBy(brought.Id, request.Caller)
            && folder.SizeOf(brought.Id) == brought.Size;
        return Task.FromResult(isHere ? null : RefusalTexts.Make(RefusalReason.LfsObjectNotFound, "The object has not arrived here whole."));
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LfsLock>> ListLocksAsync(AuthorizedGitRequest request) =>
        LocksOf(request) is { } locks ? await locks.ReadAsync(request.Ended) : [];

    /// <inheritdoc/>
    public Task<(LfsLock Lock, bool IsMade)> LockAsync(AuthorizedGitRequest request, LfsLock wanted) =>
        (LocksOf(request) ?? throw new IOException("The repository was deleted while a file in it was to be locked.")).AddAsync(wanted, request.Ended);

    /// <inheritdoc/>
    public async Task<bool> UnlockAsync(AuthorizedGitRequest request, LfsLock condemned) =>
        LocksOf(request) is { } locks && await locks.RemoveAsync(condemned.Id, request.Ended);

    private LockFile? LocksOf(AuthorizedGitRequest request) =>
        store.Locate(request.Repository) is { } directory ? new LockFile(folders.Of(request.Repository, directory), time) : null;

    private async Task<IReadOnlySet<ObjectId>> VisibleTipsAsync(AuthorizedGitRequest request, string directory) =>
        VisibleTips.Of((await refs.ReadForFetchAsync(directory, request.Ended)).ForFetch(request), static _ => true);

    private LfsPresence PresenceOfNew(LfsObject asked, string? directory) =>
        options.MaxLfsObjectBytes > 0 && asked.Size > options.MaxLfsObjectBytes ? LfsPresence.TooLarge
        : asked.Size > folders.FreeBytes(directory) ? LfsPresence.NoRoom
        : LfsPresence.Absent;
}
