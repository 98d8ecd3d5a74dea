using System.Net;
using Portcullis.Audit;
using Portcullis.Gateway.Requests;
using Portcullis.Git.SmartHttp;
using Portcullis.Tokens;

namespace Portcullis.Gateway.Auditing;

/// <summary>What one request's audit record will say; filled as the pipeline goes on.</summary>
internal sealed class RequestTrail(string id, DateTimeOffset time)
{
    /// <summary>The request's id.</summary>
    public string Id => id;

    /// <summary>The request as it was understood; null when it was not.</summary>
    public GitRequest? Request { get; set; }

    /// <summary>The operation, where it is another than the route's.</summary>
    public string? Operation { get; set; }

    /// <summary>The file whose lock is made or taken away.</summary>
    public string? LockedPath { get; set; }

    /// <summary>The caller; null before the token was found valid.</summary>
    public Caller? Caller { get; set; }

    /// <summary>What a refused token says of itself.</summary>
    public UnverifiedClaims? Unverified { get; set; }

    /// <summary>How it ended. Until the pipeline says otherwise: not at all.</summary>
    public AuditOutcome Outcome { get; set; } = AuditOutcome.Failed;

    /// <summary>The stable code of the reason.</summary>
    public string? Code { get; set; } = "internal_error";

    /// <summary>Whether what the request stood on was revoked while it ran.</summary>
    public bool IsRevoked { get; set; }

    /// <summary>What happened to refs.</summary>
    public IReadOnlyList<AuditRefChange> References { get; set; } = [];

    /// <summary>The peer's address.</summary>
    public IPAddress? RemoteAddress { get; init; }

    /// <summary>The peer's name for itself.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Makes the record.</summary>
    /// <param name="status">The HTTP status of the answer.</param>
    /// <param name="bytesOut">Bytes of the answer's body.</param>
    /// <param name="duration">How long it took.</param>
    public AuditRecord ToRecord(int status, long bytesOut, TimeSpan duration) => new()
    {
        Time = time,
        Id = id,
        Event = AuditEvents.Request,
        Outcome = Outcome,
        Reason = Code,
        Subject = Caller?.Subject,
        Actor = Caller is { Actors.Count: > 0 } acting ? acting.Actors : null,
        Issuer = Caller?.Issuer,
        Client = Caller?.ClientId,
        TokenId = Caller?.TokenId,
        KeyId = Caller?.KeyId,
        Session = Caller?.SessionId,
        Repository = Request?.Route.Repository.Value,
        Operation = Operation ?? Request?.Route.Operation.Word(),
        Object = Request?.Route.LfsObject?.ToString(),
        Path = LockedPath,
        Refs = References.Count > 0 ? References : null,
        RemoteAddress = RemoteAddress,
        UserAgent = UserAgent,
        Status = status,
        BytesIn = Request?.Body.BytesReceived ?? 0,
        BytesOut = bytesOut,
        Duration = duration,
    };
}
