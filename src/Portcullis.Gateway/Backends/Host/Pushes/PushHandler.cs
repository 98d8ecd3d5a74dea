using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Portcullis.Audit;
using Portcullis.Gateway.Auditing;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git;
using Portcullis.Git.ReceivePack;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>Carries out a push with <c>git receive-pack</c>, and asks once more while its objects wait in quarantine.</summary>
internal sealed partial class PushHandler(
    GitLauncher git,
    RepositoryStore store,
    RefReader refs,
    RepositoryFacts facts,
    ReceivePackInvocations invocations,
    ReachableObjects reachable,
    PushedPointers pointers,
    LfsFolders folders,
    PushJournal journal,
    GatewayOptions options,
    ILogger<PushHandler> logger)
{
    private const int MaxMovesLookedUp = 100;

    /// <summary>Carries out a push.</summary>
    public async Task<BackendOutcome> PushAsync(AuthorizedPush push, GitResponse response)
    {
        var cancellationToken = push.Request.Ended;
        if (!push.Request.RepositoryExists)
        {
            await store.CreateAsync(push.Request.Repository, push.Push.Capabilities.ObjectFormat(), cancellationToken);
        }

        var directory = store.Locate(push.Request.Repository)
            ?? throw new IOException("The repository was deleted while a push to it began.");
        IReadOnlySet<ObjectId> visibleTips = new HashSet<ObjectId>();
        if (!push.Request.SeesEveryRef)
        {
            var current = await refs.ReadForPushAsync(directory, cancellationToken);
            if (HiddenRefCheck.Check(push, current) is { } hidden)
            {
                return BackendOutcome.Refused(hidden);
            }

            visibleTips = VisibleTips.Of(current, push.Request.IsVisible);
        }

        using var running = journal.Begin(push, directory);
        return await ReceiveAsync(push, directory, visibleTips, response, cancellationToken);
    }

    private async Task<BackendOutcome> ReceiveAsync(
        AuthorizedPush push,
        string directory,
        IReadOnlySet<ObjectId> visibleTips,
        GitResponse response,
        CancellationToken cancellationToken)
    {
        var isInspected = push.NeedsInspection;
        var ownHooks = isInspected ? (await facts.GetAsync(directory, cancellationToken)).HooksDirectory : null;
        await using var process = git.Start(invocations.For(push, directory, ownHooks));
        var pump = new PackPump(push.Request.Request.Body.Reader, process.Input, options.MaxPushBytes);
        var contentType = GitService.ReceivePack.ResultContentType();
        var output = new ReceivePackOutput(
            PipeReader.Create(new NetworkStream(process.Output)), response, hasSideband: push.Push.Capabilities.Contains("side-band-64k"), contentType, isRefused: () => pump.IsTooLarge);
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stopped.CancelAfter(options.GitProcessTimeout);

        var pumping = pump.RunAsync(Head(push.Push), stopped.Token);
        var reading = output.ReadAsync(stopped.Token);
        var inspecting = isInspected
            ? InspectAsync(push, process, pump, directory, visibleTips, stopped.Token)
            : Task.FromResult<(Refusal?, PushVerdict?)>((null, null));

        await reading;
        var (refusal, verdict) = await inspecting;
        var report = ReportOf(output);
        if (output.IsWhole && report is { UnpackStatus: ReportStatus.Unpacked } && report.Refs.All(static status => status.IsOk))
        {
            process.LeaveToEnd();
        }
        else
        {
            // The objects of a push that was not taken wait in quarantine until git's very end.
            await process.WaitAsync();
        }

        if (!pumping.IsCompleted)
        {
            // git has said all without reading the whole pack; the rest is drained with the answer.
            await stopped.CancelAsync();
        }

        await Swallow(pumping, stopped.Token);
        refusal = pump.IsTooLarge ? RefusalTexts.PushTooLarge(push.Request, push.Push, options.MaxPushBytes) : refusal;
        if (refusal is not null)
        {
            return Conclude(refusal, push, response, contentType);
        }

        if (report is null)
        {
            LogNoReport(logger, push.Request.Request.Id, await process.WaitAsync(), await process.ErrorTextAsync());
            report = new ReportStatus(
                "the server could not finish",
                [.. push.Commands.Select(command => RefStatus.Rejected(command.Name.Value, "the server could not finish"))]);
        }

        return await ConcludeAsync(report, push, verdict, directory, response, contentType, cancellationToken);
    }

    private async Task<(Refusal?, PushVerdict?)> InspectAsync(
        AuthorizedPush push,
        GitProcess process,
        PackPump pump,
        string directory,
        IReadOnlySet<ObjectId> visibleTips,
        CancellationToken cancellationToken)
    {
        var question = await PushControl.WaitAsync(process.Control!, directory, cancellationToken);
        if (question is null)
        {
            return (null, null);
        }

        var verdict = new PushVerdict(
            push,
            new QuarantineInspector(git, reachable, directory, question.Quarantine),
            visibleTips,
            stopped => pointers.AreKnownAsync(directory, folders.Of(push.Request.Repository, directory), question.Quarantine, push.Request.Caller, visibleTips, stopped));
        Refusal? refusal;
        try
        {
            refusal = await verdict.JudgeAsync(pump.ObjectCount, cancellationToken);
        }
        catch (GitFailedException exception)
        {
            // What can't be proved is refused.
            LogInspectionFailed(logger, exception, push.Request.Request.Id);
            refusal = RefusalTexts.PushNotProvable(push.Request, push.Push, "the server could not check its history");
        }

        await PushControl.AnswerAsync(process.Control!, allow: refusal is null, cancellationToken);
        return (refusal, verdict);
    }

    // The commands as they were inspected. The answer is always asked for as a report in a large sideband, so that what
    // happened is known here too, and always atomically: a push is all or nothing.
    private static ReadOnlyMemory<byte> Head(ReceivePackRequest push)
    {
        var capabilities = push.Capabilities.With("side-band-64k").With("atomic");
        if (!capabilities.Contains("report-status-v2"))
        {
            capabilities = capabilities.With("report-status");
        }

        var head = new ArrayBufferWriter<byte>();
        push.WriteTo(head, capabilities);
        return head.WrittenMemory;
    }

    private static BackendOutcome Conclude(Refusal refusal, AuthorizedPush push, GitResponse response, string contentType) => new()
    {
        Outcome = AuditOutcome.Refused,
        Code = refusal.Code,
        References = PushAudit.Of(refusal),
        Finish = () =>
        {
            StartOnce(response, contentType);
            RefusalWriter.WriteReport(refusal, push.Push, response);
        },
    };

    private async Task<BackendOutcome> ConcludeAsync(
        ReportStatus report,
        AuthorizedPush push,
        PushVerdict? verdict,
        string directory,
        GitResponse response,
        string contentType,
        CancellationToken cancellationToken)
    {
        var refused = report.Refs.Where(reference => !reference.IsOk).ToDictionary(reference => reference.RefName, reference => reference.Reason, StringComparer.Ordinal);
        var isDone = refused.Count == 0 && report.UnpackStatus == ReportStatus.Unpacked;
        var changes = new List<AuditRefChange>(push.Commands.Count);
        var inspector = new QuarantineInspector(git, reachable, directory, null);
        foreach (var command in push.Commands)
        {
            var isRefused = refused.TryGetValue(command.Name.Value, out var reason);
            var change = RefusalTexts.WordFor(command.Command);
            if (command.IsMove && isDone)
            {
                if (verdict is null || !verdict.FastForwards.TryGetValue(command, out var isFastForward))
                {
                    isFastForward = !command.Name.IsTag
                        && changes.Count < MaxMovesLookedUp
                        && await inspector.WasFastForwardAsync(command.Name, command.Command.Old, command.Command.New, cancellationToken);
                }

                change = isFastForward && !command.Name.IsTag ? "update" : "force";
            }

            changes.Add(PushAudit.Of(
                command.Command, change, isRefused || !isDone ? AuditOutcome.Failed : AuditOutcome.Allowed, isRefused ? reason : null));
        }

        return new BackendOutcome
        {
            Outcome = isDone ? AuditOutcome.Allowed : AuditOutcome.Failed,
            Code = isDone ? null : report.UnpackStatus == ReportStatus.Unpacked ? "rejected_by_git" : "unpack_failed",
            References = changes,
            Finish = () =>
            {
                StartOnce(response, contentType);
                report.WriteTo(response, push.Push.Capabilities);
            },
        };
    }

    private static ReportStatus? ReportOf(ReceivePackOutput output)
    {
        try
        {
            return output.Report.IsEmpty ? null : ReportStatus.Parse(output.Report.Span);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static void StartOnce(GitResponse response, string contentType)
    {
        if (!response.HasStarted)
        {
            response.Start(contentType);
        }
    }

    private static async Task Swallow(Task pumping, CancellationToken stopped)
    {
        try
        {
            await pumping;
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            // Stopped on purpose: git has already answered.
        }
    }

    [LoggerMessage(1, LogLevel.Error, "receive-pack gave no report for request {RequestId}; exit code {ExitCode}: {ErrorText}")]
    private static partial void LogNoReport(ILogger logger, string requestId, int exitCode, string errorText);

    [LoggerMessage(2, LogLevel.Warning, "A push could not be inspected and was refused, request {RequestId}.")]
    private static partial void LogInspectionFailed(ILogger logger, Exception exception, string requestId);
}
