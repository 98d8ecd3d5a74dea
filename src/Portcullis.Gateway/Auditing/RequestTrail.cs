using System.Net;
using Portcullis.Audit;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;

namespace Portcullis.Gateway.Auditing;

/// <summary>What one request's audit record will say; filled as the request goes through its steps. Each endpoint has its own kind.</summary>
/// <param name="id">The request's id.</param>
/// <param name="time">When it came.</param>
internal abstract class RequestTrail(string id, DateTimeOffset time)
{
    /// <summary>The request's id.</summary>
    public string Id => id;

    /// <summary>The caller; null before the token was found valid.</summary>
    public Caller? Caller { get; set; }

    /// <summary>How it ended. Until an endpoint says otherwise: not at all.</summary>
    public AuditOutcome Outcome { get; set; } = AuditOutcome.Failed;

    /// <summary>The stable code of the reason.</summary>
    public string? Code { get; set; } = "internal_error";

    /// <summary>Whether what the request stood on was revoked while it ran.</summary>
    public bool IsRevoked { get; set; }

    /// <summary>The peer's address.</summary>
    public IPAddress? RemoteAddress { get; set; }

    /// <summary>The peer's name for itself.</summary>
    public string? UserAgent { get; set; }

    /// <summary>Whether the record must be on the disk, and not only in the file, before the client hears the answer.</summary>
    public abstract bool IsDurable { get; }

    /// <summary>The record's event.</summary>
    protected abstract string Event { get; }

    /// <summary>What was asked, in the word or words of this kind of event.</summary>
    protected abstract string? OperationText { get; }

    /// <summary>The repository.</summary>
    protected virtual string? Repository => null;

    /// <summary>The Git LFS object that was moved.</summary>
    protected virtual string? Object => null;

    /// <summary>The file whose lock is made or taken away.</summary>
    protected virtual string? Path => null;

    /// <summary>What happened to refs.</summary>
    protected virtual IReadOnlyList<AuditRefChange>? Refs => null;

    /// <summary>Bytes of the request's body.</summary>
    protected virtual long BytesIn => 0;

    /// <summary>Says that what was asked is done, or is to be done once this is recorded.</summary>
    public void Allow()
    {
        Outcome = AuditOutcome.Allowed;
        Code = null;
    }

    /// <summary>Says that it was refused, or could not be done.</summary>
    public virtual void Refuse(Refusal refusal)
    {
        Outcome = RefusalStatus.IsFailure(refusal.Reason) ? AuditOutcome.Failed : AuditOutcome.Refused;
        Code = refusal.Code;
    }

    /// <summary>Makes the record.</summary>
    /// <param name="status">The HTTP status of the answer.</param>
    /// <param name="bytesOut">Bytes of the answer's body.</param>
    /// <param name="duration">How long it took.</param>
    public AuditRecord ToRecord(int status, long bytesOut, TimeSpan duration) => new()
    {
        Time = time,
        Id = id,
        Event = Event,
        Outcome = Outcome,
        Reason = Code,
        Subject = Caller?.Subject,
        Actor = Caller is { Actors.Count: > 0 } acting ? acting.Actors : null,
        Issuer = Caller?.Issuer,
        Client = Caller?.ClientId,
        TokenId = Caller?.TokenId,
        KeyId = Caller?.KeyId,
        Session = Caller?.SessionId,
        Repository = Repository,
        Operation = OperationText,
        Object = Object,
        Path = Path,
        Refs = Refs,
        RemoteAddress = RemoteAddress,
        UserAgent = UserAgent,
        Status = status,
        BytesIn = BytesIn,
        BytesOut = bytesOut,
        Duration = duration,
    };
}
