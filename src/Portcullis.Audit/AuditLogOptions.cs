namespace Portcullis.Audit;

/// <summary>How an <see cref="AuditLog"/> writes.</summary>
public sealed record AuditLogOptions
{
    /// <summary>The folder of the log's files; made, private to this user, when it isn't there.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// The name of this node: 1 to 63 of <c>a-z A-Z 0-9 _ -</c>. Each node writes files of its own, with a chain of its own,
    /// so that several can share a folder. Default: <c>portcullis</c>.
    /// </summary>
    public string Node { get; init; } = "portcullis";

    /// <summary>Signs checkpoints. Without it they are written unsigned, and verification says so.</summary>
    public IAuditSigner? Signer { get; init; }

    /// <summary>A file that has grown beyond this is followed by a new one; so is one of another UTC day. Default: 256 MiB; at least 64 KiB.</summary>
    public long MaxFileBytes { get; init; } = 256L << 20;

    /// <summary>A checkpoint follows after so many lines at the latest. Default: 10,000; at least 1.</summary>
    public int CheckpointEvery { get; init; } = 10_000;

    /// <summary>A checkpoint follows so long after the first line that none covers yet, at the latest. Default: one second.</summary>
    public TimeSpan CheckpointAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Disk space held in advance, so that what was allowed can be recorded when the disk fills up. Nothing new is promised
    /// (<see cref="AuditLog.EnsureWritableAsync"/>) once less than half of it is left. Default: 8 MiB; at least 64 KiB.
    /// </summary>
    public long ReserveBytes { get; init; } = 8L << 20;

    /// <summary>How many appends may wait to be written before callers are held back. Default: 8,192.</summary>
    public int QueueLength { get; init; } = 8192;

    /// <summary>Told, in a sentence, what an operator should know: recovery, a full disk, a disturbed file. Called from the writer; must not block.</summary>
    public Action<string>? OnNotice { get; init; }
}
