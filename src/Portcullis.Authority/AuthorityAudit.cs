using Microsoft.AspNetCore.Http;
using Portcullis.Audit;
using Portcullis.Authority.Issuing;

namespace Portcullis.Authority;

/// <summary>Writes what the authority decides into the audit log, where the server has one. It is written before the answer: when it can't be, nothing is issued.</summary>
internal sealed class AuthorityAudit(AuthorityOptions options, TimeProvider clock, AuditLog? log = null)
{
    public const string SignedIn = "sign-in";

    public ValueTask IssuedAsync(HttpContext http, AccessToken token, IssuedToken issued) => WriteAsync(http, new AuditRecord
    {
        Id = AuditRecord.NewId(clock.GetUtcNow()),
        Event = AuditEvents.TokenIssued,
        Outcome = AuditOutcome.Allowed,
        Reason = issued.Scope.Length <= 512 ? issued.Scope : issued.Scope[..512],
        Subject = token.Subject,
        Actor = token.Actors.Count == 0 ? null : [.. token.Actors.Select(actor => actor.Subject)],
        Issuer = options.Issuer,
        Client = token.ClientId,
        TokenId = issued.TokenId,
        KeyId = issued.KeyId,
        Session = token.SessionId,
    });

    public ValueTask RefusedAsync(HttpContext http, string operation, string? subject, string? client, string reason) => WriteAsync(http, new AuditRecord
    {
        Id = AuditRecord.NewId(clock.GetUtcNow()),
        Event = operation,
        Outcome = AuditOutcome.Refused,
        Reason = reason,
        Subject = subject,
        Client = client,
    });

    public ValueTask SignedInAsync(HttpContext http, string subject, string session) => WriteAsync(http, new AuditRecord
    {
        Id = AuditRecord.NewId(clock.GetUtcNow()),
        Event = SignedIn,
        Outcome = AuditOutcome.Allowed,
        Subject = subject,
        Session = session,
    });

    /// <summary>From pages, endpoints and commands alike; those that come without a request say so by a null.</summary>
    public ValueTask RevokedAsync(string kind, string value) => log is null ? default : log.AppendAsync(
        new AuditRecord { Id = AuditRecord.NewId(clock.GetUtcNow()), Event = AuditEvents.Revoked, Outcome = AuditOutcome.Allowed, Operation = kind, Reason = value }, durable: true);

    private ValueTask WriteAsync(HttpContext http, AuditRecord record) => log is null
        ? default
        : log.AppendAsync(
            record with { RemoteAddress = http.Connection.RemoteIpAddress, UserAgent = http.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null },
            durable: false,
            http.RequestAborted);
}
