namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>Bounds how many operations run git at once; the others wait for a while, and are then turned away.</summary>
internal sealed class GitProcessLimiter(int maxOperations, TimeSpan waitTime) : IDisposable
{
    private readonly SemaphoreSlim slots = new(maxOperations, maxOperations);

    /// <summary>How long an operation waits before it is turned away.</summary>
    public TimeSpan WaitTime => waitTime;

    /// <summary>Takes a slot, or returns null when none came free in time.</summary>
    public async ValueTask<Slot?> AcquireAsync(CancellationToken cancellationToken) =>
        await slots.WaitAsync(waitTime, cancellationToken) ? new Slot(slots) : null;

    /// <inheritdoc/>
    public void Dispose() => slots.Dispose();

    /// <summary>One running operation; disposed when it ends.</summary>
    internal sealed class Slot(SemaphoreSlim slots) : IDisposable
    {
        private SemaphoreSlim? held = slots;

        /// <inheritdoc/>
        public void Dispose() => Interlocked.Exchange(ref held, null)?.Release();
    }
}
