namespace Portcullis.Tokens.Revocation;

/// <summary>A number that goes up, and a way to wait for that. Safe to use from many threads; waiting costs nothing until it ends.</summary>
public sealed class RevisionSignal
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _changed;
    private long _revision;

    /// <summary>The number now.</summary>
    public long Revision => Volatile.Read(ref _revision);

    /// <summary>Raises the number and wakes whoever waits. Call it after the change that it stands for.</summary>
    public void Raise()
    {
        TaskCompletionSource? changed;
        lock (_gate)
        {
            Volatile.Write(ref _revision, _revision + 1);
            (changed, _changed) = (_changed, null);
        }

        changed?.TrySetResult();
    }

    /// <summary>Completes when the number is another one, at once if it already is.</summary>
    public Task WhenChangedAsync(long revision, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_revision != revision)
            {
                return Task.CompletedTask;
            }

            // Who waits goes on on a thread of its own, and not on the one that revokes.
            _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _changed.Task.WaitAsync(cancellationToken);
        }
    }
}
