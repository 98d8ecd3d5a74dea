namespace Portcullis.Audit;

/// <summary>What one request did, or wanted to do, to one ref (SPEC of the audit log, member <c>refs</c>).</summary>
public sealed record AuditRefChange
{
    /// <summary>The full ref name. At most 1,024 characters are written.</summary>
    public required string Name { get; init; }

    /// <summary>The object id before, lowercase hex; <see langword="null"/> where it does not apply.</summary>
    public string? Old { get; init; }

    /// <summary>The object id after, lowercase hex; <see langword="null"/> where it does not apply.</summary>
    public string? New { get; init; }

    /// <summary>The action: <c>pull</c>, <c>create</c>, <c>update</c>, <c>force</c> or <c>delete</c>.</summary>
    public string? Change { get; init; }

    /// <summary>How this ref's part ended.</summary>
    public required AuditOutcome Outcome { get; init; }

    /// <summary>The stable code of the reason, where there is one.</summary>
    public string? Reason { get; init; }
}
