using Portcullis.Audit.Files;

namespace Portcullis.Audit.Writing;

/// <summary>
/// Waits for the disk, on a thread of its own, so that neither the writer nor a thread of the pool does: while one flush runs,
/// others that need one gather and share the next. Also keeps the head file, which must never be ahead of the log on the disk.
/// </summary>
internal sealed class Flusher : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Action<byte[]> _replaceHead;
    private readonly Action _onFailure;
    private readonly Thread _thread;
    private List<PendingAppend> _waiting = [];
    private List<PendingAppend> _flushing = [];
    private Segment? _segment;
    private byte[]? _head;
    private bool _isBusy;
    private bool _isClosed;
    private TaskCompletionSource? _idle;

    public Flusher(string node, Action<byte[]> replaceHead, Action onFailure)
    {
        _replaceHead = replaceHead;
        _onFailure = onFailure;
        _thread = new Thread(Run) { IsBackground = true, Name = $"audit flush {node}" };
        _thread.Start();
    }

    /// <summary>The error of a flush that failed. What the disk then holds is unknown, and a second flush would not tell (fsync(2)): the file must not be used any more.</summary>
    public IOException? Failure { get; private set; }

    public void ClearFailure()
    {
        lock (_lock)
        {
            Failure = null;
        }
    }

    /// <summary>Completes the appends when what is written to the segment now is on the disk; then puts the head in its file.</summary>
    public void Add(Segment segment, List<PendingAppend> durable, byte[]? head)
    {
        lock (_lock)
        {
            _segment = segment;
            _waiting.AddRange(durable);
            _head = head ?? _head;
        }

        _wake.Release();
    }

    /// <summary>Completes when nothing is being flushed, so that the segment can be closed.</summary>
    public Task WhenIdleAsync()
    {
        lock (_lock)
        {
            if (!_isBusy && _waiting.Count == 0 && _head is null)
            {
                return Task.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    /// <summary>Ends the thread after what it has to do.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        _wake.Release();

        // The writer may be woken from this thread itself, and end on it.
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
            _wake.Dispose();
        }
    }

    private void Run()
    {
        while (true)
        {
            _wake.Wait();
            Segment segment;
            byte[]? head;
            lock (_lock)
            {
                if (_waiting.Count == 0 && _head is null)
                {
                    if (_isClosed)
                    {
                        return;
                    }

                    continue;
                }

                (_waiting, _flushing) = (_flushing, _waiting);
                (segment, head, _head) = (_segment!, _head, null);
                _isBusy = true;
            }

            Flush(segment, head);
            lock (_lock)
            {
                _isBusy = false;
                if (_waiting.Count == 0 && _head is null)
                {
                    _idle?.SetResult();
                    _idle = null;
                }
            }
        }
    }

    private void Flush(Segment segment, byte[]? head)
    {
        IOException? failure;
        try
        {
            failure = Failure;
            if (failure is null)
            {
                segment.Flush();
            }
        }
        catch (IOException e)
        {
            lock (_lock)
            {
                Failure = failure = e;
            }

            _onFailure();
        }

        foreach (var pending in _flushing)
        {
            if (failure is null)
            {
                pending.Complete();
            }
            else
            {
                pending.Fail(new AuditUnavailableException("The audit log's disk did not confirm a write.", failure));
            }
        }

        _flushing.Clear();
        if (head is not null && failure is null)
        {
            try
            {
                _replaceHead(head);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk. The old head stays true: it says less, not something else; the next checkpoint tries again.
            }
        }
    }
}
