using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using Portcullis.Audit;

namespace Portcullis.Gateway.Backends.PackCache;

/// <summary>
/// One answer in a file without a name, which goes when the last that uses it is done. It is read while it is written: everybody who asked the same waits for the
/// same bytes.
/// </summary>
internal sealed class StoredAnswer
{
    // How far an answer that is too large to be kept runs before the slowest of those who read it.
    private const long Window = 8 << 20;

    private readonly Lock gate = new();
    private readonly SafeFileHandle file;
    private readonly CancellationTokenSource abandoned = new();
    private readonly LinkedList<AnswerReader> readers = new();
    private readonly long maxBytes;
    private readonly Action<StoredAnswer> dropped;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long length;
    private long emptied;
    private bool isAbandoned;
    private bool isKept = true;
    private bool isClosed;
    private bool isEnded;
    private BackendOutcome? outcome;
    private ExceptionDispatchInfo? failure;

    /// <summary>Begins an answer.</summary>
    /// <param name="key">The name of the fetch.</param>
    /// <param name="file">An empty file of its own.</param>
    /// <param name="createdAt">A timestamp of the clock.</param>
    /// <param name="maxBytes">Beyond this it is no longer kept, and takes no more of the disk than those who read it need.</param>
    /// <param name="dropped">Called when it is not to be kept.</param>
    public StoredAnswer(string key, SafeFileHandle file, long createdAt, long maxBytes, Action<StoredAnswer> dropped)
    {
        Key = key;
        this.file = file;
        this.maxBytes = maxBytes;
        this.dropped = dropped;
        CreatedAt = createdAt;
    }

    /// <summary>The name of the fetch.</summary>
    public string Key { get; }

    /// <summary>When it was begun, a timestamp of the clock.</summary>
    public long CreatedAt { get; }

    /// <summary>Cancelled when nobody waits for the rest any more.</summary>
    public CancellationToken Abandoned => abandoned.Token;

    /// <summary>How many bytes there are so far.</summary>
    public long Length => Volatile.Read(ref length);

    /// <summary>Adds a reader; null when the answer has failed or is closed.</summary>
    public AnswerReader? TryRead()
    {
        lock (gate)
        {
            if (isClosed || isAbandoned || emptied > 0 || (isEnded && outcome?.Outcome != AuditOutcome.Allowed))
            {
                return null;
            }

            var reader = new AnswerReader(this);
            readers.AddLast(reader);
            return reader;
        }
    }

    /// <summary>Adds bytes at the end.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more, or its time is over.</exception>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RandomAccess.Write(file, bytes.Span, length);
        TaskCompletionSource signal;
        lock (gate)
        {
            Volatile.Write(ref length, length + bytes.Length);
            (signal, changed) = (changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        signal.SetResult();
        if (length > maxBytes)
        {
            if (length - bytes.Length <= maxBytes)
            {
                Drop();
            }

            await WaitForReadersAsync(cancellationToken);
        }
    }

    /// <summary>Lets nobody else have it than those who read it already.</summary>
    public void Drop() => dropped(this);

    /// <summary>A reader has come further.</summary>
    public void Advanced()
    {
        if (Length <= maxBytes)
        {
            return;
        }

        TaskCompletionSource signal;
        lock (gate)
        {
            (signal, read) = (read, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        signal.SetResult();
    }

    // What all have read is given back to the disk.
    private async ValueTask WaitForReadersAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task signal;
            long slowest;
            lock (gate)
            {
                slowest = readers.Count == 0 ? length : readers.Min(static reader => reader.Position);
                emptied = slowest - emptied >= Window ? slowest : emptied;
                signal = read.Task;
            }

            if (length - slowest <= Window)
            {
                Hole.Punch(file, emptied);
                return;
            }

            await signal.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="ended">How it went; null when <paramref name="exception"/> says it.</param>
    /// <param name="exception">What went wrong.</param>
    public void End(BackendOutcome? ended, Exception? exception)
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            isEnded = true;
            outcome = ended;
            failure = exception is null ? null : ExceptionDispatchInfo.Capture(exception);
            signal = changed;
        }

        signal.TrySetResult();
    }

    /// <summary>Waits until there is more behind a position, or the end. Returns how much there is, and the outcome once all is there.</summary>
    public async ValueTask<(long Length, BackendOutcome? Outcome)> WaitAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task signal;
            lock (gate)
            {
                if (isEnded)
                {
                    failure?.Throw();
                    return (length, outcome);
                }

                if (length > position)
                {
                    return (length, null);
                }

                signal = changed.Task;
            }

            await signal.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Reads bytes that are there.</summary>
    public int Read(Span<byte> buffer, long position) => RandomAccess.Read(file, buffer, position);

    /// <summary>The cache keeps it no longer; those who read it go on.</summary>
    public void Release()
    {
        lock (gate)
        {
            isKept = false;
        }

        CloseIfUnused();
    }

    /// <summary>A reader is done.</summary>
    public void Remove(AnswerReader reader)
    {
        lock (gate)
        {
            readers.Remove(reader);
            isAbandoned |= readers.Count == 0 && !isEnded;
        }

        if (isAbandoned)
        {
            abandoned.Cancel();
        }

        Advanced();
        CloseIfUnused();
    }

    /// <summary>Closes the file once nobody writes, reads or keeps it.</summary>
    public void CloseIfUnused()
    {
        lock (gate)
        {
            if (isClosed || isKept || !isEnded || readers.Count > 0)
            {
                return;
            }

            isClosed = true;
        }

        file.Dispose();
    }
}
