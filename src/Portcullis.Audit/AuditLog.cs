using System.Threading.Channels;
using Portcullis.Audit.Files;
using Portcullis.Audit.Writing;

namespace Portcullis.Audit;

/// <summary>
/// The log that is written: one JSON line for each record, each carrying the hash of the one before, with signed checkpoints
/// (docs/spec/audit.md). Safe for use by many threads; one writer serves them in groups.
/// </summary>
public sealed class AuditLog : IAsyncDisposable
{
    /// <summary>What a record without refs takes, generously.</summary>
    private const long RecordBytes = 4096;

    /// <summary>What one ref takes, generously.</summary>
    private const long ReferenceBytes = 512;

    private readonly AuditLogOptions _options;
    private readonly TimeProvider _clock;
    private readonly FileStream _lock;
    private readonly Channel<PendingAppend> _queue;
    private readonly WriterStatus _status;
    private readonly Task _writing;
    private int _isDisposed;

    private AuditLog(AuditLogOptions options, TimeProvider clock, FileStream @lock, Channel<PendingAppend> queue, WriterStatus status, LogWriter writer)
    {
        _options = options;
        _clock = clock;
        _lock = @lock;
        _queue = queue;
        _status = status;
        _writing = Task.Run(() => RunAsync(writer));
    }

    /// <summary>Whether a new decision can be recorded for certain: space is held for it.</summary>
    public bool IsAvailable => HasSpace(0);

    /// <summary>
    /// Opens the log of one node, continues its chain, and writes a checkpoint. A line that a crash cut short is set aside in a
    /// <c>.torn</c> file and recorded.
    /// </summary>
    /// <param name="options">Where and how.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="AuditUnavailableException">Another process has this node's log open, or the folder can't be written.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static ValueTask<AuditLog> OpenAsync(AuditLogOptions options, TimeProvider timeProvider, CancellationToken cancellationToken = default)
        => OpenAsync(options, timeProvider, DiskLogStorage.Instance, cancellationToken);

    /// <summary>Throws unless something that is allowed now can be recorded afterwards, even if the disk is full by then. Costs nothing.</summary>
    /// <exception cref="AuditUnavailableException">There is no space for it.</exception>
    public void EnsureWritable()
    {
        if (!HasSpace(0))
        {
            throw new AuditUnavailableException("The audit log can't be written.");
        }
    }

    /// <summary>
    /// Call before something is allowed: afterwards its record can be written, even if the disk is full by then. Costs nothing
    /// where all is well; where no space is held, it looks whether there is some now.
    /// </summary>
    /// <param name="references">How many refs the record may name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="AuditUnavailableException">There is no space for it.</exception>
    public ValueTask EnsureWritableAsync(int references = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(references);
        if (HasSpace(references))
        {
            return ValueTask.CompletedTask;
        }

        var probe = PendingAppend.Rent();
        probe.ProbeBytes = Bytes(references);
        return Enqueue(probe, cancellationToken);
    }

    /// <summary>
    /// Appends a record. Completes when it is in the file (a crash of this process does not lose it), or, when
    /// <paramref name="durable"/>, on the disk (a power failure does not either).
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="durable">Whether to wait for the disk.</param>
    /// <param name="cancellationToken">Ends the wait for a place in the queue; once queued, the record is written.</param>
    /// <exception cref="AuditUnavailableException">It could not be written.</exception>
    /// <exception cref="ArgumentException">The record's event is one of the log's own.</exception>
    public ValueTask AppendAsync(AuditRecord record, bool durable, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (record.Event == AuditEvents.Checkpoint || record.Event.StartsWith("audit.", StringComparison.Ordinal))
        {
            throw new ArgumentException("This event is written by the log itself.", nameof(record));
        }

        // Here, on the caller's thread, so that many callers share the work; the writer only links and writes.
        var pending = PendingAppend.Rent();
        Lines.RecordLine.Write(
            pending.Bodies, pending.Ends, record, _options.Node, record.Time == default ? _clock.GetUtcNow() : record.Time);
        pending.IsDurable = durable;
        pending.IsRefusal = record.Outcome == AuditOutcome.Refused;
        return Enqueue(pending, cancellationToken);
    }

    /// <summary>Writes what is queued and a last checkpoint, and closes the log.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _queue.Writer.TryComplete();
            await _writing.ConfigureAwait(false);
            await _lock.DisposeAsync().ConfigureAwait(false);
        }
    }

    internal static async ValueTask<AuditLog> OpenAsync(
        AuditLogOptions options, TimeProvider timeProvider, ILogStorage storage, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        Check(options);
        FileStream? @lock = null;
        LogWriter? writer = null;
        try
        {
            MakeFolder(options.Directory);
            @lock = await TakeLockAsync(options, cancellationToken).ConfigureAwait(false);
            var folder = new LogFolder(options.Directory, options.Node, timeProvider, storage);
            var (segment, position, findings) = LogOpening.Open(folder, options);
            var queue = Channel.CreateBounded<PendingAppend>(new BoundedChannelOptions(options.QueueLength)
            {
                SingleReader = true,

                // An idle writer runs on the thread of the caller who wakes it: a record is then written without a change of threads.
                AllowSynchronousContinuations = true,
            });
            var status = new WriterStatus();
            writer = new LogWriter(options, timeProvider, queue, status, folder, segment, position);
            writer.Begin(findings);
            return new AuditLog(options, timeProvider, @lock, queue, status, writer);
        }
        catch (Exception e)
        {
            writer?.Discard();
            @lock?.Dispose();
            if (e is UnauthorizedAccessException or (IOException and not AuditUnavailableException))
            {
                throw new AuditUnavailableException("The audit log's folder can't be written.", e);
            }

            throw;
        }
    }

    private static void Check(AuditLogOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(options.Directory, nameof(options));
        if (!LogFileName.IsNodeName(options.Node))
        {
            throw new ArgumentException("A node's name has 1 to 63 of the characters a-z A-Z 0-9 _ -.", nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxFileBytes, 64 << 10, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ReserveBytes, 64 << 10, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CheckpointEvery, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.CheckpointAfter, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QueueLength, 1, nameof(options));
    }

    private static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        }
    }

    /// <summary>A verifier looks at the lock for a moment, too: another writer is one that still holds it a little later.</summary>
    private static async ValueTask<FileStream> TakeLockAsync(AuditLogOptions options, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return NodeLock.Take(options.Directory, options.Node);
            }
            catch (AuditUnavailableException exception) when (exception.IsInUse && attempt < 3)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static long Bytes(int references) => RecordBytes + (references * ReferenceBytes);

    private bool HasSpace(int references) => _status.Headroom >= (_options.ReserveBytes / 2) + (references == 0 ? 0 : Bytes(references));

    private ValueTask Enqueue(PendingAppend pending, CancellationToken cancellationToken)
    {
        var wait = pending.AsValueTask();
        return _queue.Writer.TryWrite(pending) ? wait : EnqueueSlowly(pending, wait, cancellationToken);
    }

    private async ValueTask EnqueueSlowly(PendingAppend pending, ValueTask wait, CancellationToken cancellationToken)
    {
        try
        {
            await _queue.Writer.WriteAsync(pending, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            pending.Return();
            throw new AuditUnavailableException("The audit log is closed.", e);
        }
        catch (OperationCanceledException)
        {
            pending.Return();
            throw;
        }

        await wait.ConfigureAwait(false);
    }

    private static async Task RunAsync(LogWriter writer)
    {
        try
        {
            await writer.RunAsync().ConfigureAwait(false);
            await writer.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Not swallowed: every waiting and later append fails with it as the inner exception.
            writer.Abandon(e);
        }
    }
}
