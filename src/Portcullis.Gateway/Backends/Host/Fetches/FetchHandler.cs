using Microsoft.Extensions.Logging;
using Portcullis.Audit;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Backends.PackCache;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Host.Fetches;

/// <summary>
/// Serves packs with <c>git upload-pack</c>: as they are to who sees every ref, and after <see cref="FetchJudge"/> to others. What git has answered before to the same
/// request, with the same refs and configuration, is sent again.
/// </summary>
internal sealed partial class FetchHandler(
    GitLauncher git,
    RefReader refs,
    ReachableObjects reachable,
    FetchJudge judge,
    WholePack wholePack,
    AnswerCache cache,
    GitProcessLimiter limiter,
    GatewayOptions options,
    ILogger<FetchHandler> logger)
{
    private const int CopyBufferSize = 256 * 1024;

    // A clone of tens of thousands of refs. Longer requests hold a long negotiation, which hardly another has.
    private const int MaxNamedRequestBytes = 1 << 20;

    private static readonly string ContentType = GitService.UploadPack.ResultContentType();

    /// <summary>Serves a request to <c>git-upload-pack</c>.</summary>
    public async Task<BackendOutcome> FetchAsync(AuthorizedGitRequest request, GitResponse response)
    {
        var folder = HostBackend.FolderOf(request);
        var whole = request.SeesEveryRef && cache.IsEnabled
            ? await BodyReader.TryTakeAsync(request.Request.Body.Reader, Math.Min(MaxNamedRequestBytes, options.MaxFetchRequestBytes), request.Ended)
            : null;
        folder.Look();
        if (whole is { } asked && refs.TryName(folder) is { } state && FetchKey.Of(state, seesEveryRef: true, request.Request.Protocol, asked) is { } key
            && cache.TryJoin(key) is { } place)
        {
            using (place)
            {
                return await place.SendAsync(response, ContentType, request.Ended);
            }
        }

        var directory = folder.Path;
        var slot = await limiter.AcquireAsync(request.Ended);
        if (slot is null)
        {
            return BackendOutcome.Failed(RefusalTexts.Busy());
        }

        try
        {
            if (!request.SeesEveryRef)
            {
                var (rewritten, refusal) = await judge.JudgeAsync(request, new HostedHistory(refs, reachable, directory));
                if (refusal is not null)
                {
                    return BackendOutcome.Refused(refusal);
                }

                whole = rewritten;
            }

            if (await OpenAsync(request, directory, whole, slot) is { } opened)
            {
                using (opened.Reader)
                {
                    slot = opened.IsMade ? null : slot;
                    slot?.Dispose();
                    return await opened.Reader.SendAsync(response, ContentType, request.Ended);
                }
            }

            using var stopped = CancellationTokenSource.CreateLinkedTokenSource(request.Ended);
            stopped.CancelAfter(options.GitProcessTimeout);
            return await RunAsync(request, directory, whole, new DirectOutput(response), stopped.Token);
        }
        finally
        {
            slot?.Dispose();
        }
    }

    // Whoever makes an answer has the slot until git has ended, whether the one who asked first stays or not.
    private async Task<(AnswerReader Reader, bool IsMade)?> OpenAsync(
        AuthorizedGitRequest request, string directory, ReadOnlyMemory<byte>? body, GitProcessLimiter.Slot slot)
    {
        if (!cache.IsEnabled || body is not { Length: <= MaxNamedRequestBytes } known
            || await refs.NameAsync(directory, request.Ended) is not { } state
            || FetchKey.Of(state, request.SeesEveryRef, request.Request.Protocol, known) is not { } key)
        {
            return null;
        }

        var (reader, isMade) = cache.JoinOrMake(key, async answer =>
        {
            using (slot)
            {
                using var stopped = CancellationTokenSource.CreateLinkedTokenSource(answer.Abandoned);
                stopped.CancelAfter(options.GitProcessTimeout);
                var outcome = request.SeesEveryRef && await wholePack.TryAppendAsync(directory, state, request.Request.Protocol, known, answer, stopped.Token)
                    ? BackendOutcome.Served
                    : await RunAsync(request, directory, known, new StoredOutput(answer), stopped.Token);
                if (!await IsStillAsync(state, directory, stopped.Token))
                {
                    // Somebody touched the repository while git read it: the answer may belong to what it was, or to what it is now.
                    answer.Drop();
                }

                return outcome;
            }
        });
        return reader is null ? null : (reader, isMade);
    }

    private async Task<bool> IsStillAsync(string state, string directory, CancellationToken cancellationToken)
    {
        try
        {
            return await refs.NameAsync(directory, cancellationToken) == state;
        }
        catch (GitFailedException)
        {
            // The answer is whole, whatever became of the repository since.
            return false;
        }
    }

    private async Task<BackendOutcome> RunAsync(
        AuthorizedGitRequest request, string directory, ReadOnlyMemory<byte>? body, IPackOutput output, CancellationToken cancellationToken)
    {
        await using var process = git.Start(Invocation(request, directory));
        var feeding = body is { } bytes
            ? GitLauncher.FeedAsync(process, bytes, cancellationToken)
            : RequestPump.RunAsync(request.Request.Body.Reader, process, options.MaxFetchRequestBytes, cancellationToken);
        int read;
        while ((read = await process.Output.ReceiveAsync(output.GetMemory(CopyBufferSize), cancellationToken)) > 0)
        {
            await output.WriteAsync(read, cancellationToken);
        }

        var isTooLarge = !await RequestPump.CompletedAsync(feeding);
        var exitCode = await process.WaitAsync();
        if (isTooLarge)
        {
            return BackendOutcome.Failed(RefusalTexts.TooLarge($"A request for a fetch may hold {options.MaxFetchRequestBytes >> 20} MiB at most."));
        }

        if (exitCode == 0)
        {
            output.Complete();
            return BackendOutcome.Served;
        }

        var errorText = await process.ErrorTextAsync();
        if (!output.HasStarted && MalformedRequest.IsBlamedBy(errorText))
        {
            return BackendOutcome.Refused(RefusalTexts.ProtocolError("git upload-pack could not read it."));
        }

        LogFailed(logger, request.Request.Id, exitCode, errorText);
        return output.HasStarted
            ? new BackendOutcome { Outcome = AuditOutcome.Failed, Code = "upload_pack_failed" }
            : BackendOutcome.Failed(RefusalTexts.BackendFailed(request.Request.Id));
    }

    private static GitInvocation Invocation(AuthorizedGitRequest request, string directory) => new()
    {
        Subcommand = "upload-pack",
        Arguments = ["--stateless-rpc", "--strict", "."],
        Directory = directory,
        Environment = GitProtocolHeader.ToHeaderValue(request.Request.Protocol) is { } protocol ? ["GIT_PROTOCOL=" + protocol] : [],
    };

    [LoggerMessage(1, LogLevel.Warning, "upload-pack failed for request {RequestId}; exit code {ExitCode}: {ErrorText}")]
    private static partial void LogFailed(ILogger logger, string requestId, int exitCode, string errorText);

    /// <summary>Where git's answer goes.</summary>
    private interface IPackOutput
    {
        bool HasStarted { get; }

        Memory<byte> GetMemory(int size);

        ValueTask WriteAsync(int count, CancellationToken cancellationToken);

        void Complete();
    }

    /// <summary>To the client, and nowhere else.</summary>
    private sealed class DirectOutput(GitResponse response) : IPackOutput
    {
        public bool HasStarted => response.HasStarted;

        public Memory<byte> GetMemory(int size) => response.GetMemory(size);

        public ValueTask WriteAsync(int count, CancellationToken cancellationToken)
        {
            Complete();
            response.Advance(count);
            return response.FlushAsync(cancellationToken);
        }

        public void Complete()
        {
            if (!response.HasStarted)
            {
                response.Start(ContentType);
            }
        }
    }

    /// <summary>Into an answer that clients read.</summary>
    private sealed class StoredOutput(StoredAnswer answer) : IPackOutput
    {
        private byte[]? buffer;

        public bool HasStarted => answer.Length > 0;

        public Memory<byte> GetMemory(int size) => buffer ??= new byte[size];

        public ValueTask WriteAsync(int count, CancellationToken cancellationToken) => answer.AppendAsync(buffer.AsMemory(0, count), cancellationToken);

        public void Complete()
        {
        }
    }
}
