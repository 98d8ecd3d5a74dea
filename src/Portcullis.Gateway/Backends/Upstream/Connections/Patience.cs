namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>How long an upstream may leave us waiting. The clock stands still while it is the client who is waited for.</summary>
internal sealed class Patience : IDisposable
{
    private readonly CancellationTokenSource clock;
    private readonly CancellationTokenSource linked;

    /// <summary>Makes one whose clock stands still.</summary>
    public Patience(TimeProvider time, CancellationToken ended)
    {
        clock = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        linked = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, ended);
    }

    /// <summary>Cancelled when it has run out, or the request has ended.</summary>
    public CancellationToken Token => linked.Token;

    /// <summary>Whether it has run out.</summary>
    public bool HasRunOut => clock.IsCancellationRequested;

    /// <summary>Waits for the upstream from now on, this long at most.</summary>
    public void Start(TimeSpan limit) => clock.CancelAfter(limit);

    /// <summary>Waits for somebody else.</summary>
    public void Stop() => clock.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose()
    {
        linked.Dispose();
        clock.Dispose();
    }
}
