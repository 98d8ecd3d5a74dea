using Microsoft.AspNetCore.Http.Features;
using Portcullis.Audit;

namespace Portcullis.Server.Hosting;

/// <summary>
/// Records what Kestrel refuses before there is a request: malformed request lines and headers, folded or oversized ones. It answers those by itself
/// with 400 and tells of them by a diagnostic event alone.
/// </summary>
internal sealed partial class MalformedHttpAudit(AuditLog audit, TimeProvider timeProvider, ILogger<MalformedHttpAudit> logger) : IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Whether an event is one of these.</summary>
    public static bool Wants(string name) => name == BadRequest;

    /// <inheritdoc/>
    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value is { Key: BadRequest, Value: IFeatureCollection features })
        {
            _ = RecordAsync(features.Get<IBadRequestExceptionFeature>()?.Error as BadHttpRequestException, features.Get<IHttpConnectionFeature>());
        }
    }

    /// <inheritdoc/>
    public void OnError(Exception error)
    {
    }

    /// <inheritdoc/>
    public void OnCompleted()
    {
    }

    private async Task RecordAsync(BadHttpRequestException? exception, IHttpConnectionFeature? connection)
    {
        var now = timeProvider.GetUtcNow();
        try
        {
            // Kestrel's own words for the mistake may repeat what was sent: they stay out.
            await audit.AppendAsync(
                new AuditRecord
                {
                    Id = AuditRecord.NewId(now),
                    Time = now,
                    Event = AuditEvents.Request,
                    Outcome = AuditOutcome.Refused,
                    Reason = "http_malformed",
                    RemoteAddress = connection?.RemoteIpAddress,
                    Status = exception?.StatusCode ?? StatusCodes.Status400BadRequest,
                },
                durable: false);
        }
        catch (AuditUnavailableException)
        {
            LogNotRecorded(logger);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A malformed HTTP request was refused and could not be recorded: the audit log can't be written")]
    private static partial void LogNotRecorded(ILogger logger);
}
