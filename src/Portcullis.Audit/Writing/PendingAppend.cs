using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using Portcullis.Audit.Lines;

namespace Portcullis.Audit.Writing;

/// <summary>
/// A record on its way to the writer, already as bytes, and the caller's wait for it. Pooled: an append allocates nothing
/// once the pool is warm. A probe is the same without bytes.
/// </summary>
internal sealed class PendingAppend : IValueTaskSource
{
    private const int MaxPooled = 1024;
    private const int MaxPooledBytes = 16 << 10;

    private static readonly ConcurrentQueue<PendingAppend> Pool = new();
    private static int _pooled;

    // The caller goes on elsewhere: the writer must not be lent to whatever follows an append.
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };

    /// <summary>Wakes the writer; nobody waits for it.</summary>
    public static PendingAppend Tick { get; } = new();

    /// <summary>The bodies of the lines, one after the other.</summary>
    public LineBuffer Bodies { get; } = new();

    /// <summary>Where each body ends.</summary>
    public List<int> Ends { get; } = [];

    public bool IsDurable { get; set; }

    /// <summary>A refusal is the first to go unrecorded when space runs out: what is left belongs to what was allowed.</summary>
    public bool IsRefusal { get; set; }

    /// <summary>A probe's question: is there space for so many bytes?</summary>
    public long ProbeBytes { get; set; }

    public bool IsProbe => Ends.Count == 0;

    /// <summary>What the lines take in the file.</summary>
    public long FileBytes => Bodies.Length + ((long)Ends.Count * LineHash.Overhead);

    public static PendingAppend Rent()
    {
        if (Pool.TryDequeue(out var pending))
        {
            Interlocked.Decrement(ref _pooled);
            return pending;
        }

        return new PendingAppend();
    }

    public ValueTask AsValueTask() => new(this, _source.Version);

    public void Complete() => _source.SetResult(true);

    public void Fail(Exception exception) => _source.SetException(exception);

    /// <summary>Gives the object back unused.</summary>
    public void Return()
    {
        _source.Reset();
        Bodies.Clear();
        Ends.Clear();
        ProbeBytes = 0;
        if (Bodies.Capacity <= MaxPooledBytes && Interlocked.Increment(ref _pooled) <= MaxPooled)
        {
            Pool.Enqueue(this);
        }
        else if (Bodies.Capacity <= MaxPooledBytes)
        {
            Interlocked.Decrement(ref _pooled);
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        try
        {
            _source.GetResult(token);
        }
        finally
        {
            Return();
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _source.OnCompleted(continuation, state, token, flags);
}
