namespace Portcullis.Audit;

/// <summary>A line of the log as it is read back.</summary>
public sealed record AuditEntry
{
    /// <summary>The record. In the log's own lines (<see cref="AuditEvents.Checkpoint"/> and others) most members are empty.</summary>
    public required AuditRecord Record { get; init; }

    /// <summary>The node that wrote it.</summary>
    public required string Node { get; init; }

    /// <summary>The file's name.</summary>
    public required string File { get; init; }

    /// <summary>The line in the file, from 1.</summary>
    public required long Line { get; init; }

    /// <summary>The line itself, without its line feed: printable ASCII.</summary>
    public required string Json { get; init; }
}
