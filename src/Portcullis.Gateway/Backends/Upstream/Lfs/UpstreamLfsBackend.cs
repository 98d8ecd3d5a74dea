using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Gateway.Backends.Upstream.Mirrors;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Upstream.Lfs;

/// <summary>
/// Git LFS objects that an upstream keeps. All of them go through this server: a client hears no address and no header of the upstream's, a revocation cuts what runs, and
/// each transfer leaves its record. For each the upstream is asked anew, so that nothing of it need be remembered or given away.
/// </summary>
internal sealed partial class UpstreamLfsBackend(
    UpstreamSite site,
    UpstreamRefs refs,
    MirrorStore mirrors,
    ReachablePointers pointers,
    GitProcessLimiter limiter,
    LfsFolders folders,
    GatewayOptions options,
    TimeProvider time,
    ILogger<UpstreamLfsBackend> logger) : ILfsBackend
{
    private UpstreamDefinition Definition => site.Definition;

    /// <inheritdoc/>
    public async Task<(IReadOnlyList<LfsObjectState>? States, Refusal? Refusal)> FindAsync(AuthorizedGitRequest request, LfsBatchRequest batch)
    {
        try
        {
            var (hidden, busy) = await HiddenAsync(request, batch);
            if (hidden is null)
            {
                return (null, busy);
            }

            var asked = batch.Objects.Where(entry => !hidden.Contains(entry.Id)).ToList();
            var answered = asked.Count == 0
                ? new Dictionary<LfsObjectId, LfsAnsweredObject>()
                : await site.Lfs.BatchAsync(Repository(request), batch.Direction, batch.Reference, asked, request.Ended);
            return answered is null
                ? (null, NoObjects())
                : ([.. batch.Objects.Select(entry => StateOf(request, batch.Direction, entry, answered.GetValueOrDefault(entry.Id)))], null);
        }
        catch (UpstreamException exception)
        {
            return (null, Failed(request, exception));
        }
    }

    /// <inheritdoc/>
    public Task<BackendOutcome> DownloadAsync(AuthorizedGitRequest request, LfsObject wanted, GitResponse response) => GuardedAsync(request, response, async () =>
    {
        if (await AnswerAsync(request, LfsDirection.Download, wanted) is not { Download: { } action })
        {
            return BackendOutcome.Refused(RefusalTexts.Make(RefusalReason.LfsObjectNotFound, "The object is not there any more."));
        }

        var part = (Offset: 0L, Length: wanted.Size);
        if (request.Request.Range is { } range)
        {
            if (range.Within(wanted.Size) is not { } within)
            {
                return BackendOutcome.Refused(RefusalTexts.Make(RefusalReason.RangeNotSatisfiable, $"The object has {wanted.Size} bytes.") with { ObjectLength = wanted.Size });
            }

            part = within;
        }

        var isPart = part.Length < wanted.Size;
        using var patience = new Patience(time, request.Ended);
        var asked = isPart ? string.Create(CultureInfo.InvariantCulture, $"bytes={part.Offset}-{part.Offset + part.Length - 1}") : null;
        using var message = await site.Lfs.FetchAsync(action, asked, Repository(request), patience);
        var isWhole = message.StatusCode == HttpStatusCode.OK;
        if (message.Content.Headers.ContentEncoding.Count > 0
            || (!isWhole && (message.Content.Headers.ContentRange is not { From: { } from } || from != part.Offset || !isPart)))
        {
            throw new UpstreamException(UpstreamFailure.Malformed, "It sent another part of the object than was asked for, or sent it compressed.");
        }

        var answer = await UpstreamAnswer.OfAsync(message, patience, Definition.IdleTimeout);
        await SendAsync(request, wanted, part, skip: isWhole ? part.Offset : 0, isPart, answer, response);
        return BackendOutcome.Served;
    });

    /// <inheritdoc/>
    public Task<BackendOutcome> UploadAsync(AuthorizedGitRequest request, LfsObject brought, GitResponse response) => GuardedAsync(request, response, async () =>
    {
        var answer = await AnswerAsync(request, LfsDirection.Upload, brought);
        if (answer is null or { ErrorCode: not null })
        {
            return BackendOutcome.Refused(RefusalTexts.Make(RefusalReason.LfsUnprocessable, "The server behind does not take the object."));
        }

        using var patience = new Patience(time, request.Ended);
        using var body = new VerifiedBody(request.Request.Body.Reader, brought, patience, Definition);
        try
        {
            if (answer.Upload is not { } upload)
            {
                // It is there already. That it is read all the same proves that whoever brings it has it.
                await body.IsAsAnnouncedAsync();
            }
            else
            {
                await site.Lfs.BringAsync(upload, answer.Verify, brought, body, Repository(request), patience);
            }
        }
        catch (UpstreamException) when (body.IsWrong)
        {
            // It heard of it by its own request being cut.
        }

        if (body.IsWrong)
        {
            return BackendOutcome.Refused(RefusalTexts.Make(
                RefusalReason.LfsUnprocessable, "What arrived is not the object that its name says: its size or its SHA-256 is another. It was not kept."));
        }

        var folder = folders.OfUpstream(request.Repository);
        folder.Make();
        folder.MarkHeldBy(brought.Id, request.Caller);
        response.Start("application/octet-stream", length: 0);
        return BackendOutcome.Served;
    });

    /// <inheritdoc/>
    public Task<Refusal?> VerifyAsync(AuthorizedGitRequest request, LfsObject brought) => Task.FromResult(
        folders.OfUpstream(request.Repository).IsHeldBy(brought.Id, request.Caller)
            ? null
            : RefusalTexts.Make(RefusalReason.LfsObjectNotFound, "The object has not arrived here whole."));

    /// <inheritdoc/>
    public Task<IReadOnlyList<LfsLock>> ListLocksAsync(AuthorizedGitRequest request) => LocksOf(request).ReadAsync(request.Ended);

    /// <inheritdoc/>
    public Task<(LfsLock Lock, bool IsMade)> LockAsync(AuthorizedGitRequest request, LfsLock wanted) => LocksOf(request).AddAsync(wanted, request.Ended);

    /// <inheritdoc/>
    public Task<bool> UnlockAsync(AuthorizedGitRequest request, LfsLock condemned) => LocksOf(request).RemoveAsync(condemned.Id, request.Ended);

    // Here, and not at the upstream: there every lock would belong to this server's credential, and everybody's would be everybody's.
    private LockFile LocksOf(AuthorizedGitRequest request) => new(folders.OfUpstream(request.Repository), time);

    private UpstreamRepository Repository(AuthorizedGitRequest request) => UpstreamRepository.Of(Definition, request.Repository);

    private async Task<LfsAnsweredObject?> AnswerAsync(AuthorizedGitRequest request, LfsDirection direction, LfsObject entry) =>
        await site.Lfs.BatchAsync(Repository(request), direction, null, [entry], request.Ended) is { } answered ? answered.GetValueOrDefault(entry.Id) : null;

    // What this caller may not be told of: as for hosted repositories, by the mirror of the upstream's history.
    private async Task<(HashSet<LfsObjectId>? Hidden, Refusal? Refusal)> HiddenAsync(AuthorizedGitRequest request, LfsBatchRequest batch)
    {
        if (request.SeesEveryRef)
        {
            return ([], null);
        }

        var folder = folders.OfUpstream(request.Repository);
        HashSet<LfsObjectId> hidden =
            [.. batch.Objects.Select(entry => entry.Id).Where(id => batch.Direction == LfsDirection.Download || !folder.IsHeldBy(id, request.Caller))];
        if (hidden.Count == 0)
        {
            return (hidden, null);
        }

        using var current = await refs.ReadForFetchAsync(site, request.Repository, [], request.Ended);
        if (current is null)
        {
            return (hidden, null);
        }

        using var slot = await limiter.AcquireAsync(request.Ended);
        if (slot is null)
        {
            return (null, RefusalTexts.Busy());
        }

        var visible = current.Refs.ForFetch(request);
        var tips = VisibleTips.Of(visible, static _ => true);
        var named = visible.Entries.Where(entry => entry.Id is not null).Select(entry => entry.Id!.Value);
        using var mirror = await mirrors.GetAsync(site, request.Repository, current.Facts, named, MirrorLevel.Objects, request.Ended);
        await pointers.RemoveReachableAsync(mirror.Directory, tips, hidden, request.Ended);
        return (hidden, null);
    }

    private LfsObjectState StateOf(AuthorizedGitRequest request, LfsDirection direction, LfsObject asked, LfsAnsweredObject? answered) =>
        new(asked, PresenceOf(asked, direction, answered))
        {
            PassedActions = direction == LfsDirection.Download && request.SeesEveryRef && Definition.SendsLfsDownloadsToStorage && answered?.Download is { } action
                ? site.Lfs.PassOn(action)
                : null,
        };

    private LfsPresence PresenceOf(LfsObject asked, LfsDirection direction, LfsAnsweredObject? answered) => (direction, answered) switch
    {
        (LfsDirection.Upload, _) when options.MaxLfsObjectBytes > 0 && asked.Size > options.MaxLfsObjectBytes => LfsPresence.TooLarge,
        (_, null) => LfsPresence.Absent,
        (_, { ErrorCode: 404 or 410 }) => LfsPresence.Absent,
        (_, { ErrorCode: 422 }) => LfsPresence.OtherSize,
        (_, { ErrorCode: 413 }) => LfsPresence.TooLarge,
        (_, { ErrorCode: 507 }) => LfsPresence.NoRoom,
        (_, { ErrorCode: not null }) => LfsPresence.Failed,
        (LfsDirection.Download, { Download: null }) => LfsPresence.Absent,
        (LfsDirection.Upload, { Upload: not null }) => LfsPresence.Absent,
        _ => LfsPresence.Present,
    };

    private static async Task SendAsync(
        AuthorizedGitRequest request, LfsObject wanted, (long Offset, long Length) part, long skip, bool isPart, UpstreamAnswer answer, GitResponse response)
    {
        var skipped = new byte[skip == 0 ? 0 : 64 * 1024];
        while (skip > 0)
        {
            var read = await answer.ReadAsync(skipped.AsMemory(0, (int)Math.Min(skipped.Length, skip)));
            skip -= read > 0 ? read : throw new UpstreamException(UpstreamFailure.CutShort, "The object ended early.");
        }

        response.Start("application/octet-stream", isPart ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK, part.Length);
        if (isPart)
        {
            response.SetHeader("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {part.Offset}-{part.Offset + part.Length - 1}/{wanted.Size}"));
        }

        response.SetHeader("Accept-Ranges", "bytes");
        response.SetHeader("ETag", $"\"{wanted.Id}\"");
        response.SetHeader("X-Content-Type-Options", "nosniff");
        for (var rest = part.Length; rest > 0;)
        {
            var memory = response.GetMemory(64 * 1024);
            var read = await answer.ReadAsync(memory[..(int)Math.Min(Math.Min(memory.Length, 64 * 1024), rest)]);
            if (read == 0)
            {
                throw new UpstreamException(UpstreamFailure.CutShort, "The object ended early.");
            }

            rest -= read;
            response.Advance(read);
            await response.FlushAsync(request.Ended);
        }
    }

    private Refusal NoObjects() =>
        RefusalTexts.Make(RefusalReason.LfsObjectNotFound, $"The Git server behind '{Definition.Name}' keeps no Git LFS objects for this repository.");

    private Refusal Failed(AuthorizedGitRequest request, UpstreamException exception)
    {
        LogFailed(logger, exception, Definition.Name, request.Repository.Value, exception.Failure, request.Request.Id);
        return UpstreamRefusals.For(Definition, exception, request.Request.Id);
    }

    private async Task<BackendOutcome> GuardedAsync(AuthorizedGitRequest request, GitResponse response, Func<Task<BackendOutcome>> operation)
    {
        try
        {
            return await operation();
        }
        catch (UpstreamException exception)
        {
            var refusal = Failed(request, exception);
            if (response.HasStarted)
            {
                response.Abort();
                return BackendOutcome.Cut(refusal.Code);
            }

            return BackendOutcome.Failed(refusal);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Upstream {Upstream} could not be used for Git LFS objects of {Repository}: {Failure}, request {RequestId}.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string upstream, string repository, UpstreamFailure failure, string requestId);
}
