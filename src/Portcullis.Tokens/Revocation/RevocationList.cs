using System.Collections.Concurrent;

namespace Portcullis.Tokens.Revocation;

/// <summary>Revocations in memory, forgotten when they have met their last token, and bounded in number. Safe to use from many threads; asking takes no lock.</summary>
public sealed class RevocationList : IRevocationList, IRevocationSource
{
    private readonly ConcurrentDictionary<(RevocationKind Kind, string Value, string? Issuer), RevocationEntry> _entries = new();
    private readonly ConcurrentDictionary<Watch, byte> _watches = new();
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private readonly RevisionSignal _signal = new();
    private volatile int _count;

    /// <summary>Creates an empty list.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="capacity">How many live entries it holds at most.</param>
    public RevocationList(TimeProvider time, int capacity = 100_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _time = time;
        _capacity = capacity;
    }

    /// <summary>The entries that are in force.</summary>
    public IReadOnlyCollection<RevocationEntry> Entries
    {
        get
        {
            DateTimeOffset now = _time.GetUtcNow();
            return [.. _entries.Values.Where(entry => entry.ExpiresAt > now)];
        }
    }

    internal int Watches => _watches.Count;

    /// <summary>Takes something back: effective on the next question, and running transfers that it meets are told before this returns.</summary>
    /// <returns><see langword="false"/> when the list is full of live entries: then nothing was taken back, and the caller must say so.</returns>
    public bool TryAdd(RevocationEntry entry)
    {
        lock (_gate)
        {
            var key = (entry.Kind, entry.Value, entry.Issuer);
            if (_entries.TryGetValue(key, out RevocationEntry? existing))
            {
                _entries[key] = Widest(existing, entry);
            }
            else
            {
                if (_entries.Count >= _capacity)
                {
                    Forget();
                }

                if (_entries.Count >= _capacity)
                {
                    return false;
                }

                _entries[key] = entry;
            }

            _count = _entries.Count;
            // After the entry: whoever reads the new number finds it.
            _signal.Raise();
        }

        foreach (Watch watch in _watches.Keys)
        {
            watch.RevokeIf(this);
        }

        return true;
    }

    /// <inheritdoc/>
    public long? Version => _signal.Revision;

    /// <inheritdoc/>
    public long Revision => _signal.Revision;

    /// <inheritdoc/>
    public Task WhenChangedAsync(long revision, CancellationToken cancellationToken) => _signal.WhenChangedAsync(revision, cancellationToken);

    /// <inheritdoc/>
    public bool IsRevoked(ValidatedToken token)
    {
        if (_count == 0)
        {
            return false;
        }

        return Meets(RevocationKind.Token, token.TokenId, token.Issuer, token)
            || Meets(RevocationKind.Session, token.SessionId, token.Issuer, token)
            || Meets(RevocationKind.Subject, token.Subject, token.Issuer, token)
            || Meets(RevocationKind.Client, token.ClientId, token.Issuer, token)
            || Meets(RevocationKind.Key, token.KeyId, token.Issuer, token)
            || MeetsActor(token)
            || MeetsAncestor(token);
    }

    /// <inheritdoc/>
    public IDisposable OnRevoked(ValidatedToken token, Action revoked)
    {
        var watch = new Watch(this, token, revoked);
        _watches[watch] = 0;
        // Registered first and asked afterwards: a revocation in between is seen by one of the two, and Watch calls once.
        watch.RevokeIf(this);
        return watch;
    }

    private bool MeetsActor(ValidatedToken token)
    {
        foreach (Actor actor in token.Actors)
        {
            if (Meets(RevocationKind.Subject, actor.Subject, actor.Issuer ?? token.Issuer, token))
            {
                return true;
            }
        }

        return false;
    }

    // A token made by exchange names its ancestors and dies with each of them.
    private bool MeetsAncestor(ValidatedToken token)
    {
        if (token.TryGetClaimValues(ClaimNames.Parents, out IReadOnlyList<string>? parents))
        {
            foreach (var parent in parents)
            {
                if (Meets(RevocationKind.Token, parent, token.Issuer, token))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool Meets(RevocationKind kind, string? value, string issuer, ValidatedToken token) =>
        value is not null
        && ((_entries.TryGetValue((kind, value, issuer), out RevocationEntry? entry) && Meets(entry, token))
            || (_entries.TryGetValue((kind, value, null), out entry) && Meets(entry, token)));

    private bool Meets(RevocationEntry entry, ValidatedToken token) =>
        entry.ExpiresAt > _time.GetUtcNow() && (entry.IssuedBefore is not { } before || token.IssuedAt <= before);

    // Called with the lock held.
    private void Forget()
    {
        DateTimeOffset now = _time.GetUtcNow();
        foreach (KeyValuePair<(RevocationKind, string, string?), RevocationEntry> entry in _entries)
        {
            if (entry.Value.ExpiresAt <= now)
            {
                _entries.TryRemove(entry);
            }
        }
    }

    // A second revocation never takes anything of the first one back.
    private static RevocationEntry Widest(RevocationEntry a, RevocationEntry b) => a with
    {
        IssuedBefore = a.IssuedBefore is { } x && b.IssuedBefore is { } y ? (x > y ? x : y) : null,
        ExpiresAt = a.ExpiresAt > b.ExpiresAt ? a.ExpiresAt : b.ExpiresAt,
    };

    private sealed class Watch(RevocationList list, ValidatedToken token, Action revoked) : IDisposable
    {
        private int _called;

        public void RevokeIf(RevocationList revocations)
        {
            if (revocations.IsRevoked(token) && Interlocked.Exchange(ref _called, 1) == 0)
            {
                list._watches.TryRemove(this, out _);
                revoked();
            }
        }

        public void Dispose()
        {
            Volatile.Write(ref _called, 1);
            list._watches.TryRemove(this, out _);
        }
    }
}
