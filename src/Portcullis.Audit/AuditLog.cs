namespace Portcullis.Audit;

/// <summary>
/// The log that is written: one JSON line for each record, each carrying the hash of the one before, with signed checkpoints
/// (docs/spec/audit.md). Safe for use by many threads; one writer serves them in groups.
/// </summary>
public sealed class AuditLog : IAsyncDisposable
{
    /// <summary>
    /// Opens the log of one node, continues its chain, and writes a checkpoint. A line that a crash cut short is set aside in a
    /// <c>.torn</c> file and recorded.
    /// </summary>
    /// <param name="options">Where and how.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="AuditUnavailableException">Another process has this node's log open, or the folder can't be written.</exception>
    public static ValueTask<AuditLog> OpenAsync(AuditLogOptions options, TimeProvider timeProvider, CancellationToken cancellationToken = default)
        => throw new NotImplementedException();

    /// <summary>Whether a new decision can be recorded for certain: space is held for it.</summary>
    public bool IsAvailable => throw new NotImplementedException();

    /// <summary>
    /// Call before something is allowed: afterwards its record can be written, even if the disk is full by then. Costs nothing
    /// where all is well.
    /// </summary>
    /// <param name="references">How many refs the record may name.</param>
    /// <exception cref="AuditUnavailableException">There is no space for it.</exception>
    public void EnsureWritable(int references = 0) => throw new NotImplementedException();

    /// <summary>As <see cref="EnsureWritable"/>, but where there is no space held it looks again whether there is some now.</summary>
    /// <param name="references">How many refs the record may name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="AuditUnavailableException">There is no space for it.</exception>
    public ValueTask EnsureWritableAsync(int references = 0, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>
    /// Appends a record. Completes when it is in the file (a crash of this process does not lose it), or, when
    /// <paramref name="durable"/>, on the disk (a power failure does not either).
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="durable">Whether to wait for the disk.</param>
    /// <param name="cancellationToken">Ends the wait for a place in the queue; once queued, the record is written.</param>
    /// <exception cref="AuditUnavailableException">It could not be written.</exception>
    public ValueTask AppendAsync(AuditRecord record, bool durable, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Writes what is queued and a last checkpoint, and closes the log.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
