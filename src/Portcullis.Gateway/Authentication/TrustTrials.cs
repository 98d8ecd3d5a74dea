using Microsoft.Extensions.Logging;
using Portcullis.Access.Policies;
using Portcullis.Audit;
using Portcullis.Tokens;

namespace Portcullis.Gateway.Authentication;

/// <summary>
/// Records what a trust entry under trial (<c>mode: audit</c>) would have given to a token that was shown here. It gives nothing, so nothing waits for the record; it is written once for each token and
/// policy, not for each of a clone's requests.
/// </summary>
public sealed partial class TrustTrials(ILogger<TrustTrials> log, TimeProvider time, AuditLog? audit = null)
{
    /// <summary>Records one.</summary>
    public void Record(ValidatedToken token, TrustEntry entry)
    {
        var given = entry.Permissions.ToScope();
        LogTrial(entry.Location.ToString(), token.Subject, token.Issuer, given);
        if (audit is not null)
        {
            _ = WriteAsync(audit, token, $"would give {given} ({entry.Location})");
        }
    }

    private async Task WriteAsync(AuditLog log, ValidatedToken token, string reason)
    {
        var now = time.GetUtcNow();
        try
        {
            await log.AppendAsync(
                new AuditRecord
                {
                    Id = AuditRecord.NewId(now),
                    Time = now,
                    Event = AuditEvents.TrustTrial,
                    Outcome = AuditOutcome.Refused,
                    Reason = reason,
                    Subject = token.Subject,
                    Issuer = token.Issuer,
                    TokenId = token.TokenId,
                    KeyId = token.KeyId,
                },
                durable: false);
        }
        catch (Exception exception) when (exception is AuditUnavailableException or ObjectDisposedException)
        {
            // The request itself is refused for want of a log, where one is required.
            LogUnrecorded(exception);
        }
    }

    [LoggerMessage(LogLevel.Information, "The trust entry under trial at {Place} gives nothing to {Subject} of {Issuer}; it would give {Permissions}.")]
    private partial void LogTrial(string place, string subject, string issuer, string permissions);

    [LoggerMessage(LogLevel.Warning, "What a trust entry under trial would give could not be written to the audit log.")]
    private partial void LogUnrecorded(Exception exception);
}
