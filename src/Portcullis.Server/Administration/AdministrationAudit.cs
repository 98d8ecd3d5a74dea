using System.Net;
using Portcullis.Audit;
using Portcullis.Server.Commands;
using Portcullis.Tokens.Minting;

namespace Portcullis.Server.Administration;

/// <summary>Records what administrators change: users, clients, keys. What is revoked, the authority records itself.</summary>
internal sealed class AdministrationAudit(TimeProvider timeProvider, AuditLog? log = null)
{
    /// <summary>Records a change that was made, or was refused.</summary>
    /// <param name="operation">What: <c>user.add</c>, <c>key.rotate</c> …</param>
    /// <param name="target">To whom or what: a name, never a secret.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="by">The administrator; null for a command on the server's machine, which is by who typed it.</param>
    /// <param name="issuer">Who issued the administrator's token.</param>
    /// <param name="remoteAddress">From where; null for a command.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public ValueTask RecordAsync(
        string operation, string target, AuditOutcome outcome = AuditOutcome.Allowed, string? by = null, string? issuer = null, IPAddress? remoteAddress = null, CancellationToken cancellationToken = default)
    {
        if (log is null)
        {
            return default;
        }

        var now = timeProvider.GetUtcNow();
        return log.AppendAsync(
            new AuditRecord
            {
                Id = AuditRecord.NewId(now),
                Time = now,
                Event = AuditEvents.Administration,
                Operation = operation,
                Reason = target,
                Outcome = outcome,
                Subject = by ?? (remoteAddress is null ? MachineUser.Current.Name : null),
                Issuer = by is not null ? issuer : remoteAddress is null ? MachineUser.Issuer : null,
                RemoteAddress = remoteAddress,
            },
            durable: true,
            cancellationToken);
    }

    /// <summary>Records a token that a command signed, before it is shown.</summary>
    public ValueTask IssuedAsync(TokenRequest request, MintedToken minted, string issuer, string? keyId, CancellationToken cancellationToken)
    {
        if (log is null)
        {
            return default;
        }

        var now = timeProvider.GetUtcNow();
        return log.AppendAsync(
            new AuditRecord
            {
                Id = AuditRecord.NewId(now),
                Time = now,
                Event = AuditEvents.TokenIssued,
                Operation = "issue",
                Outcome = AuditOutcome.Allowed,
                Reason = $"by {MachineUser.Current.Name} ({MachineUser.Issuer})",
                Subject = request.Subject,
                Actor = request.Actors.Count == 0 ? null : [.. request.Actors.Select(actor => actor.Subject)],
                Issuer = issuer,
                Client = request.ClientId,
                TokenId = minted.TokenId,
                KeyId = keyId,
            },
            durable: true,
            cancellationToken);
    }
}
