using System.Buffers;
using Microsoft.Extensions.Logging;
using Portcullis.Access;
using Portcullis.Audit;
using Portcullis.Gateway.Auditing;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Pushes;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;
using Portcullis.Git.ReceivePack;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Pushes;

/// <summary>Hands an allowed push on to the upstream, byte for byte, and reads its report on the way back.</summary>
internal sealed partial class UpstreamPushHandler(UpstreamRefs refs, UpstreamPushInspector inspector, GatewayOptions options, ILogger<UpstreamPushHandler> logger)
{
    private const int MaxReportBytes = 64 << 20;

    /// <summary>Carries out a push.</summary>
    public async Task<BackendOutcome> PushAsync(UpstreamSite site, AuthorizedPush push, GitResponse response)
    {
        // What they make the server behind do is decided there, by what this server's credential may: no permission on a ref stands for that.
        if (!site.Definition.TakesPushOptions && (push.Push.PushOptions.Length > 0 || push.Push.Certificate is { PushOptions.Length: > 0 }))
        {
            return BackendOutcome.Refused(RefusalTexts.PushOptionsNotPassed(push.Request, push.Push));
        }

        try
        {
            if (!push.NeedsInspection && push.Request.SeesEveryRef)
            {
                return await StreamAsync(site, push, response);
            }

            using var current = await refs.ReadForPushAsync(site, push.Request.Repository, GitProtocolVersion.V0, push.Request.Ended);
            if (current is null)
            {
                return BackendOutcome.Missing;
            }

            if (!push.Request.SeesEveryRef && HiddenRefCheck.Check(push, current.Parsed.Refs) is { } hidden)
            {
                return BackendOutcome.Refused(hidden);
            }

            return push.NeedsInspection ? await InspectAsync(site, push, current.Parsed.Refs, response) : await StreamAsync(site, push, response);
        }
        catch (UpstreamException exception)
        {
            LogFailed(logger, exception, site.Definition.Name, push.Request.Repository.Value, exception.Failure, push.Request.Request.Id);
            return Failed(site, push, exception, response);
        }
    }

    private async Task<BackendOutcome> InspectAsync(UpstreamSite site, AuthorizedPush push, RefSnapshot current, GitResponse response)
    {
        var (inspected, refusal) = await inspector.InspectAsync(site, push, current);
        UpstreamMetrics.Inspected(site.Definition.Name, refusal?.Code ?? "proved");
        using (inspected)
        {
            if (inspected is null)
            {
                return refusal!.Reason == RefusalReason.Busy ? BackendOutcome.Failed(refusal) : BackendOutcome.Refused(refusal);
            }

            await using var pack = inspected.Pack.Open();
            return await ConcludeAsync(await site.ForwardAsync(push.Request, Head(push), pack), push, inspected, response);
        }
    }

    private async Task<BackendOutcome> StreamAsync(UpstreamSite site, AuthorizedPush push, GitResponse response)
    {
        var maxBytes = options.MaxPushBytes > 0 ? options.MaxPushBytes : long.MaxValue;
        var (answer, isTooLarge) = await site.ForwardAsync(push.Request, Head(push), maxBytes);
        return isTooLarge
            ? BackendOutcome.Refused(RefusalTexts.PushTooLarge(push.Request, push.Push, options.MaxPushBytes))
            : await ConcludeAsync(answer, push, null, response);
    }

    // The commands as they came, byte for byte: what was inspected is what goes on.
    private static ReadOnlyMemory<byte> Head(AuthorizedPush push)
    {
        var head = new ArrayBufferWriter<byte>(push.Push.WireLength);
        push.Push.WriteTo(head);
        return head.WrittenMemory;
    }

    private static async Task<BackendOutcome> ConcludeAsync(UpstreamAnswer? answer, AuthorizedPush push, InspectedPush? inspected, GitResponse response)
    {
        if (answer is null)
        {
            return BackendOutcome.Missing;
        }

        using (answer)
        {
            return Concluded(push, inspected, response, await ReadReportAsync(answer, push, response));
        }
    }

    // Progress goes on to the client as it comes; the report waits until the audit has it.
    private static async Task<ReportStatus?> ReadReportAsync(UpstreamAnswer answer, AuthorizedPush push, GitResponse response)
    {
        var capabilities = push.Push.Capabilities;
        ReadOnlyMemory<byte> report;
        if (capabilities.Contains("side-band-64k"))
        {
            var output = new ReceivePackOutput(answer.ToPipe(), response, hasSideband: true, GitService.ReceivePack.ResultContentType(), isRefused: static () => false);
            await output.ReadAsync(push.Request.Ended);
            report = output.Report;
        }
        else
        {
            report = await answer.ReadToEndAsync(MaxReportBytes);
        }

        if (!IsReportWanted(push))
        {
            return null;
        }

        try
        {
            return ReportStatus.Parse(report.Span);
        }
        catch (PktLineException exception)
        {
            throw new UpstreamException(report.IsEmpty ? UpstreamFailure.CutShort : UpstreamFailure.Malformed, "It gave no report of the push that can be read.", exception);
        }
    }

    private static BackendOutcome Concluded(AuthorizedPush push, InspectedPush? inspected, GitResponse response, ReportStatus? report)
    {
        if (report is null)
        {
            // The client did not ask what became of its push, so nobody was told.
            return Concluded(push, inspected, response, Report(push, null), AuditOutcome.Allowed, null);
        }

        var isDone = report.UnpackStatus == ReportStatus.Unpacked && report.Refs.All(reference => reference.IsOk);
        return Concluded(
            push,
            inspected,
            response,
            report,
            isDone ? AuditOutcome.Allowed : AuditOutcome.Failed,
            isDone ? null : report.UnpackStatus == ReportStatus.Unpacked ? "rejected_by_upstream" : "unpack_failed");
    }

    private static BackendOutcome Concluded(
        AuthorizedPush push, InspectedPush? inspected, GitResponse response, ReportStatus report, AuditOutcome outcome, string? code)
    {
        var statuses = new Dictionary<string, RefStatus>(StringComparer.Ordinal);
        foreach (var status in report.Refs)
        {
            statuses.TryAdd(status.RefName, status);
        }

        return new BackendOutcome
        {
            Outcome = outcome,
            Code = code,
            References = [.. push.Commands.Select(command => Change(command, inspected, report, statuses.GetValueOrDefault(command.Name.Value)))],
            Finish = () =>
            {
                if (!response.HasStarted)
                {
                    response.Start(GitService.ReceivePack.ResultContentType());
                }

                report.WriteTo(response, push.Push.Capabilities);
            },
        };
    }

    private static AuditRefChange Change(AuthorizedCommand command, InspectedPush? inspected, ReportStatus report, RefStatus? status) => PushAudit.Of(
        command.Command,
        WordFor(command, inspected),
        report.UnpackStatus == ReportStatus.Unpacked && status is { IsOk: true } ? AuditOutcome.Allowed : AuditOutcome.Failed,
        status is null ? "not reported" : status.Reason);

    // Where nobody had to know whether it is a fast-forward, nobody looked.
    private static string WordFor(AuthorizedCommand command, InspectedPush? inspected)
    {
        if (!command.IsMove)
        {
            return RefusalTexts.WordFor(command.Command);
        }

        return inspected is not null && inspected.FastForwards.TryGetValue(command, out var isFastForward)
            ? AccessActionWords.Format(isFastForward ? AccessAction.Update : AccessAction.Force)
            : "move";
    }

    private static BackendOutcome Failed(UpstreamSite site, AuthorizedPush push, UpstreamException exception, GitResponse response)
    {
        var refusal = UpstreamRefusals.For(site.Definition, exception, push.Request.Request.Id);
        var report = Report(push, UpstreamRefusals.ShortReason(exception.Failure));
        var concluded = Concluded(push, null, response, report, AuditOutcome.Failed, refusal.Code);
        return concluded with
        {
            Finish = () =>
            {
                if (!response.HasStarted)
                {
                    response.Start(GitService.ReceivePack.ResultContentType());
                }

                if (push.Push.Capabilities.Contains("side-band-64k"))
                {
                    response.WriteSideband(SidebandChannel.Progress, refusal.Text + "\n");
                }

                report.WriteTo(response, push.Push.Capabilities);
            },
        };
    }

    private static ReportStatus Report(AuthorizedPush push, string? reason) => new(
        ReportStatus.Unpacked,
        [.. push.Commands.Select(command => reason is null ? RefStatus.Ok(command.Name.Value) : RefStatus.Rejected(command.Name.Value, reason))]);

    private static bool IsReportWanted(AuthorizedPush push) =>
        push.Push.Capabilities.Contains("report-status") || push.Push.Capabilities.Contains("report-status-v2");

    [LoggerMessage(1, LogLevel.Warning, "Upstream {Upstream} could not take a push to {Repository}: {Failure}, request {RequestId}.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string upstream, string repository, UpstreamFailure failure, string requestId);
}
