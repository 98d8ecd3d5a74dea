using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Issuers;

/// <summary>What one fetch gave.</summary>
/// <param name="Keys">The key set; the same object as before if nothing changed.</param>
/// <param name="FreshFor">How long it may be used again.</param>
internal sealed record FetchedKeys(KeySet Keys, TimeSpan FreshFor);

/// <summary>
/// Keeps a key set that comes from elsewhere: one fetch at a time however many wait, ahead of its end where possible, no more often than allowed however many unknown key ids are asked for,
/// and the last good set while the issuer is away.
/// </summary>
internal sealed class RefreshingKeySet(Func<KeySet?, CancellationToken, Task<FetchedKeys>> fetch, TimeProvider time, HttpKeySetOptions options)
{
    private static readonly TimeSpan s_pauseAtStart = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private volatile State _state = new(null, default, default, default, default, null);
    private Task? _flight;
    private DateTimeOffset _nextLookForUnknown = DateTimeOffset.MinValue;

    public State Current => _state;

    public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken)
    {
        State state = _state;
        DateTimeOffset now = time.GetUtcNow();
        // A clock that was set back makes a set look fresher than it is; LoadedAt in the future gives that away.
        if (state.Keys is not null && now < state.RefreshFrom && now >= state.LoadedAt)
        {
            return new(state.Keys);
        }

        return now < state.RetryFrom && now >= state.RetryFrom - options.RetryInterval ? new(Usable(state, now)) : RefreshAsync(state, now, cancellationToken);
    }

    public async ValueTask<KeySet?> RefreshForUnknownKeyAsync(CancellationToken cancellationToken)
    {
        Task? flight;
        lock (_gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            flight = _flight;
            if (flight is null && (now >= _nextLookForUnknown || now < _nextLookForUnknown - options.RetryInterval) && now >= _state.RetryFrom)
            {
                _nextLookForUnknown = now + options.RetryInterval;
                flight = Start();
            }
        }

        if (flight is not null)
        {
            await flight.WaitAsync(cancellationToken);
        }

        return Usable(_state, time.GetUtcNow());
    }

    private async ValueTask<KeySet?> RefreshAsync(State state, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Task flight;
        lock (_gate)
        {
            flight = _flight ?? Start();
        }

        KeySet? lastGood = Usable(state, now);
        if (lastGood is null)
        {
            await flight.WaitAsync(cancellationToken);
        }
        else if (now >= state.FreshUntil)
        {
            // Its time is over: a newer one is worth a moment, but an issuer that hangs doesn't stop everyone.
            try
            {
                await flight.WaitAsync(options.PatienceWithLastGood, time, cancellationToken);
            }
            catch (TimeoutException)
            {
            }
        }

        return Usable(_state, time.GetUtcNow());
    }

    private KeySet? Usable(State state, DateTimeOffset now) => now < state.FreshUntil + options.MaximumStale ? state.Keys : null;

    // Called with the lock held. The task never fails, and no caller's cancellation ends it for the others.
    private Task Start()
    {
        Task flight = Task.Run(FetchAsync, CancellationToken.None);
        _flight = flight;
        return flight;
    }

    private async Task FetchAsync()
    {
        State before = _state;
        State after;
        try
        {
            using var timeout = new CancellationTokenSource(options.Timeout, time);
            FetchedKeys fetched = await fetch(before.Keys, timeout.Token);
            DateTimeOffset now = time.GetUtcNow();
            // Renewed after four fifths of its time, in the background, so that nobody waits for it.
            after = new State(fetched.Keys, now, now + (fetched.FreshFor * 0.8), now + fetched.FreshFor, default, null);
        }
        catch (Exception exception) when (exception is FetchException or KeySetFormatException)
        {
            after = Failed(before, exception.Message);
        }
        catch (Exception exception)
        {
            // Unforeseen, but it must not leave the flight forever in the air.
            after = Failed(before, $"The keys could not be fetched: {exception.GetType().Name}.");
        }

        lock (_gate)
        {
            _state = after;
            _flight = null;
        }
    }

    // Without any keys nothing works, and the issuer is perhaps just starting, as we are: asked again sooner.
    private State Failed(State before, string problem)
    {
        TimeSpan pause = before.Keys is null && options.RetryInterval > s_pauseAtStart ? s_pauseAtStart : options.RetryInterval;
        return before with { RetryFrom = time.GetUtcNow() + pause, Problem = problem };
    }

    /// <summary>What is held.</summary>
    internal sealed record State(KeySet? Keys, DateTimeOffset LoadedAt, DateTimeOffset RefreshFrom, DateTimeOffset FreshUntil, DateTimeOffset RetryFrom, string? Problem)
    {
        public KeySetSourceStatus ToStatus(string location) =>
            new(location, Keys?.Count ?? 0, Keys is null ? null : LoadedAt, Problem ?? (Keys is { Problems.Count: > 0 } ? string.Join(" ", Keys.Problems) : null));
    }
}
