using Microsoft.AspNetCore.Http;
using Portcullis.Access.Policies;
using Portcullis.Audit;
using Portcullis.Authority.Issuing;
using Portcullis.Tokens;

namespace Portcullis.Authority;

/// <summary>Writes what the authority decides into the audit log, where the server has one. It is written before the answer: when it can't be, nothing is issued.</summary>
internal sealed class AuthorityAudit(
    AuthorityOptions options, AuthorityStatus status, TimeProvider clock, IHttpContextAccessor requests, AuditLog? log = null, CommandOperator? commandOperator = null)
{
    public const string SignedIn = "sign-in";

    public ValueTask IssuedAsync(HttpContext http, AccessToken token, IssuedToken issued) => WriteAsync(http, new AuditRecord
    {
        Id = AuditRecord.NewId(clock.GetUtcNow()),
        Event = AuditEvents.TokenIssued,
        Outcome = AuditOutcome.Allowed,
        Reason = Bound(issued.Scope),
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

    /// <summary>What a trust entry under trial would have given; nothing was.</summary>
    public ValueTask TrialAsync(HttpContext http, ValidatedToken token, string? client, TrustEntry entry) => WriteAsync(http, new AuditRecord
    {
        Id = AuditRecord.NewId(clock.GetUtcNow()),
        Event = AuditEvents.TrustTrial,
        Outcome = AuditOutcome.Refused,
        Reason = Bound($"would give {entry.Permissions.ToScope()} ({entry.Location})"),
        Subject = token.Subject,
        Issuer = token.Issuer,
        Client = client,
        TokenId = token.TokenId,
        KeyId = token.KeyId,
    });

    public ValueTask SignedInAsync(HttpContext http, string subject, string session) => WriteAsync(http, new AuditRecord
    {
        Id = AuditRecord.NewId(clock.GetUtcNow()),
        Event = SignedIn,
        Outcome = AuditOutcome.Allowed,
        Subject = subject,
        Session = session,
    });

    /// <summary>
    /// From pages, endpoints and commands alike: by the person who is signed in, by the administrator whose token asks, or by who typed the command. Nobody is named where the authority itself
    /// revokes, because a token came back that was used up.
    /// </summary>
    public ValueTask RevokedAsync(string kind, string value)
    {
        HttpContext? http = requests.HttpContext;
        var person = http?.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : null;
        return log is null ? default : log.AppendAsync(
            new AuditRecord
            {
                Id = AuditRecord.NewId(clock.GetUtcNow()),
                Event = AuditEvents.Revoked,
                Outcome = AuditOutcome.Allowed,
                Operation = kind,
                Reason = value,
                Subject = person ?? commandOperator?.Name,
                Issuer = person is not null ? options.Issuer : commandOperator?.Issuer,
                RemoteAddress = http?.Connection.RemoteIpAddress,
            },
            durable: true);
    }

    /// <summary>A person became an administrator by a provider's word, or is none any more: an administrative change that no administrator made.</summary>
    public ValueTask AdministratorAsync(string name, string provider, bool isAdministrator) => log is null ? default : log.AppendAsync(
        new AuditRecord
        {
            Id = AuditRecord.NewId(clock.GetUtcNow()),
            Event = AuditEvents.Administration,
            Outcome = AuditOutcome.Allowed,
            Operation = isAdministrator ? "user.administrator" : "user.administrator.end",
            Reason = name,
            Subject = name,
            Issuer = provider,
            RemoteAddress = requests.HttpContext?.Connection.RemoteIpAddress,
        },
        durable: true);

    private static string Bound(string text) => text.Length <= 512 ? text : text[..512];

    private ValueTask WriteAsync(HttpContext http, AuditRecord record)
    {
        var outcome = record.Outcome == AuditOutcome.Allowed ? "allowed" : "refused";
        switch (record.Event)
        {
            case AuditEvents.TokenIssued:
                status.CountToken(outcome);
                break;
            case SignedIn:
                status.CountSignIn(outcome);
                break;
            default:
                break;
        }

        return log is null
            ? default
            : log.AppendAsync(
                record with { RemoteAddress = http.Connection.RemoteIpAddress, UserAgent = http.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null },
                durable: false,
                http.RequestAborted);
    }
}
