using System.Threading.Channels;

namespace Portcullis.Audit.Writing;

/// <summary>Wakes the writer while nobody appends: for a checkpoint that is due, or to try a disk again.</summary>
internal sealed class WakeTimer : IAsyncDisposable, IDisposable
{
    private readonly ChannelWriter<PendingAppend> _queue;
    private readonly ITimer _timer;
    private volatile bool _isSet;

    public WakeTimer(TimeProvider clock, ChannelWriter<PendingAppend> queue)
    {
        _queue = queue;
        _timer = clock.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Wakes it as soon as it can be. Where the queue is full it is awake.</summary>
    public void WakeNow() => _queue.TryWrite(PendingAppend.Tick);

    /// <summary>Wakes it after a while, unless it is to be woken already.</summary>
    public void WakeAfter(TimeSpan wait)
    {
        if (!_isSet)
        {
            _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            _isSet = true;
        }
    }

    public void Dispose() => _timer.Dispose();

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void OnTimer()
    {
        // First, and here: where the queue is full there is no room for a tick, and the writer sets the timer again by itself.
        _isSet = false;
        WakeNow();
    }
}
