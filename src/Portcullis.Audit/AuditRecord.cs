using System.Net;
using Portcullis.Audit.Lines;

namespace Portcullis.Audit;

/// <summary>
/// One decision, as the log keeps it: one JSON line with these members in this order, those without a value left out
/// (docs/spec/audit.md). <c>node</c>, <c>previousHash</c> and <c>hash</c> are added by the <see cref="AuditLog"/>.
/// Text that comes from a peer is bounded when it is written; nothing here may be a token, a password or a key.
/// </summary>
public sealed record AuditRecord
{
    /// <summary>When the request arrived. Left at its default, the log puts the time of the append.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The request's own id, the one that its refusal and the program's log lines name (see <see cref="NewId"/>).</summary>
    public required string Id { get; init; }

    /// <summary>What kind of thing was decided: one of <see cref="AuditEvents"/>, or another lowercase word. <c>checkpoint</c> and words that begin <c>audit.</c> belong to the log itself and are refused.</summary>
    public required string Event { get; init; }

    /// <summary>How it ended.</summary>
    public required AuditOutcome Outcome { get; init; }

    /// <summary>The stable code of the reason.</summary>
    public string? Reason { get; init; }

    /// <summary>For whom: the token's subject.</summary>
    public string? Subject { get; init; }

    /// <summary>Who acted for the subject (RFC 8693 §4.1), the nearest first.</summary>
    public IReadOnlyList<string>? Actor { get; init; }

    /// <summary>Who issued the token.</summary>
    public string? Issuer { get; init; }

    /// <summary>The OAuth client.</summary>
    public string? Client { get; init; }

    /// <summary>The token's id (<c>jti</c>); never the token.</summary>
    public string? TokenId { get; init; }

    /// <summary>The id of the key that signed the token.</summary>
    public string? KeyId { get; init; }

    /// <summary>The login that the token comes from (<c>sid</c>).</summary>
    public string? Session { get; init; }

    /// <summary>The repository's path, without <c>.git</c>.</summary>
    public string? Repository { get; init; }

    /// <summary>The operation: <c>discover</c>, <c>fetch</c>, <c>push</c>, one of Git LFS (<c>lfs-upload</c>, …), or another event's own word.</summary>
    public string? Operation { get; init; }

    /// <summary>The Git LFS object that was moved, by its id.</summary>
    public string? Object { get; init; }

    /// <summary>The file whose lock was made or taken away. At most 1,024 characters are written.</summary>
    public string? Path { get; init; }

    /// <summary>What happened to which ref. More than 1,000 are written as several lines with the same <see cref="Id"/>.</summary>
    public IReadOnlyList<AuditRefChange>? Refs { get; init; }

    /// <summary>The peer's address.</summary>
    public IPAddress? RemoteAddress { get; init; }

    /// <summary>The peer's <c>User-Agent</c>. At most 256 characters are written.</summary>
    public string? UserAgent { get; init; }

    /// <summary>The HTTP status of the answer.</summary>
    public int? Status { get; init; }

    /// <summary>Bytes of the request's body.</summary>
    public long? BytesIn { get; init; }

    /// <summary>Bytes of the answer's body.</summary>
    public long? BytesOut { get; init; }

    /// <summary>How long the request took; written in milliseconds with three decimals.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Makes an id for a record: 32 hex digits of a version 7 UUID (RFC 9562 §5.7), so that ids sort by time.</summary>
    /// <param name="time">The time of the request.</param>
    public static string NewId(DateTimeOffset time) => RecordId.New(time);
}
