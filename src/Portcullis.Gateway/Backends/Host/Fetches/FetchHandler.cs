using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Portcullis.Audit;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Host.Fetches;

/// <summary>Serves packs with <c>git upload-pack</c>: as they are to who sees every ref, and after <see cref="FetchJudge"/> to others.</summary>
internal sealed partial class FetchHandler(
    GitLauncher git, RepositoryStore store, RefReader refs, ReachableObjects reachable, FetchJudge judge, GatewayOptions options, ILogger<FetchHandler> logger)
{
    private const int CopyBufferSize = 256 * 1024;

    /// <summary>Serves a request to <c>git-upload-pack</c>.</summary>
    public async Task<BackendOutcome> FetchAsync(AuthorizedGitRequest request, GitResponse response)
    {
        var directory = store.Locate(request.Repository) ?? throw new IOException("The repository was deleted meanwhile.");
        ReadOnlyMemory<byte>? judged = null;
        if (!request.SeesEveryRef)
        {
            var (rewritten, refusal) = await judge.JudgeAsync(request, new HostedHistory(refs, reachable, directory));
            if (refusal is not null)
            {
                return BackendOutcome.Refused(refusal);
            }

            judged = rewritten;
        }

        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(request.Ended);
        stopped.CancelAfter(options.GitProcessTimeout);
        await using var process = git.Start(Invocation(request, directory));
        var feeding = judged is { } bytes
            ? GitLauncher.FeedAsync(process, bytes, stopped.Token)
            : PumpAsync(request.Request.Body.Reader, process, options.MaxFetchRequestBytes, stopped.Token);
        await CopyAsync(process.Output, response, stopped.Token);
        var isTooLarge = !await CompletedAsync(feeding);
        var exitCode = await process.WaitAsync();
        if (isTooLarge)
        {
            return BackendOutcome.Failed(RefusalTexts.TooLarge($"A request for a fetch may hold {options.MaxFetchRequestBytes >> 20} MiB at most."));
        }

        if (exitCode != 0)
        {
            var errorText = await process.ErrorTextAsync();
            if (!response.HasStarted && MalformedRequest.IsBlamedBy(errorText))
            {
                return BackendOutcome.Refused(RefusalTexts.ProtocolError("git upload-pack could not read it."));
            }

            LogFailed(logger, request.Request.Id, exitCode, errorText);
            return response.HasStarted
                ? new BackendOutcome { Outcome = AuditOutcome.Failed, Code = "upload_pack_failed" }
                : BackendOutcome.Failed(RefusalTexts.BackendFailed(request.Request.Id));
        }

        StartOnce(response);
        return BackendOutcome.Served;
    }

    private static GitInvocation Invocation(AuthorizedGitRequest request, string directory) => new()
    {
        Subcommand = "upload-pack",
        Arguments = ["--stateless-rpc", "--strict", "."],
        Directory = directory,
        Environment = GitProtocolHeader.ToHeaderValue(request.Request.Protocol) is { } protocol ? ["GIT_PROTOCOL=" + protocol] : [],
    };

    private static async Task CopyAsync(Socket output, GitResponse response, CancellationToken cancellationToken)
    {
        while (true)
        {
            var memory = response.GetMemory(CopyBufferSize);
            var read = await output.ReceiveAsync(memory, cancellationToken);
            if (read == 0)
            {
                return;
            }

            StartOnce(response);
            response.Advance(read);
            await response.FlushAsync(cancellationToken);
        }
    }

    // A request for a fetch is small; its bound is a bound on what a compressed one may become.
    private static async Task PumpAsync(PipeReader body, GitProcess process, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            long sent = 0;
            while (true)
            {
                var result = await body.ReadAsync(cancellationToken);
                foreach (var part in result.Buffer)
                {
                    sent += part.Length;
                    if (sent > maxBytes)
                    {
                        throw new RequestTooLargeException();
                    }

                    var rest = part;
                    while (!rest.IsEmpty)
                    {
                        rest = rest[await process.Input.SendAsync(rest, cancellationToken)..];
                    }
                }

                body.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (SocketException)
        {
            // git wants no more.
        }
        finally
        {
            process.CloseInput();
        }
    }

    private static async Task<bool> CompletedAsync(Task feeding)
    {
        try
        {
            await feeding;
            return true;
        }
        catch (RequestTooLargeException)
        {
            return false;
        }
    }

    private static void StartOnce(GitResponse response)
    {
        if (!response.HasStarted)
        {
            response.Start(GitService.UploadPack.ResultContentType());
        }
    }

    private sealed class RequestTooLargeException : Exception;

    [LoggerMessage(1, LogLevel.Warning, "upload-pack failed for request {RequestId}; exit code {ExitCode}: {ErrorText}")]
    private static partial void LogFailed(ILogger logger, string requestId, int exitCode, string errorText);
}
