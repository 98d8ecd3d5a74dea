using System.Collections.Concurrent;
using Portcullis.Tokens;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Authority.Revocations;

/// <summary>
/// What is revoked, in memory: asked on every request, so a handful of look-ups without a lock. Each entry goes when no token that it concerns can be alive, which bounds
/// the list by the longest token life.
/// </summary>
internal sealed class RevocationIndex(AuthorityOptions options, TimeProvider clock) : IRevocationList, IRevocationSource
{
    private readonly ConcurrentDictionary<(RevocationKind Kind, string Value), Entry> _entries = new();
    private readonly ConcurrentDictionary<Watch, byte> _watches = new();
    private readonly RevisionSignal _signal = new();

    public int Count => _entries.Count;

    public long? Version => _signal.Revision;

    public long Revision => _signal.Revision;

    /// <summary>What other services are told: docs/spec/revocations.md.</summary>
    public IReadOnlyCollection<RevocationEntry> Entries
    {
        get
        {
            DateTimeOffset now = clock.GetUtcNow();
            return
            [
                .. _entries.Where(entry => !IsOver(entry.Value, now)).Select(entry => new RevocationEntry
                {
                    Kind = Published(entry.Key.Kind),
                    Value = entry.Key.Value,
                    IssuedBefore = HoldsForGood(entry.Key.Kind) ? null : entry.Value.RevokedAt,
                    ExpiresAt = entry.Value.ExpiresAt,
                }),
            ];
        }
    }

    public Task WhenChangedAsync(long revision, CancellationToken cancellationToken) => _signal.WhenChangedAsync(revision, cancellationToken);

    public bool IsRevoked(ValidatedToken token)
    {
        if (_entries.IsEmpty)
        {
            return false;
        }

        if (Covers(RevocationKind.TokenId, token.TokenId, token)
            || Covers(RevocationKind.Subject, token.Subject, token)
            || Covers(RevocationKind.Session, token.SessionId, token)
            || Covers(RevocationKind.Client, token.ClientId, token)
            || Covers(RevocationKind.Key, token.KeyId, token))
        {
            return true;
        }

        // Somebody else's subjects are named with their issuer, as in the tokens that we give for theirs.
        if (token.Issuer != options.Issuer && Covers(RevocationKind.Subject, $"{token.Issuer}|{token.Subject}", token))
        {
            return true;
        }

        // An agent that is shut out is shut out wherever it acts for somebody.
        foreach (Actor actor in token.Actors)
        {
            if (Covers(RevocationKind.Subject, actor.Subject, token)
                || (actor.Issuer is null ? Covers(RevocationKind.Client, actor.Subject, token) : Covers(RevocationKind.Subject, $"{actor.Issuer}|{actor.Subject}", token)))
            {
                return true;
            }
        }

        if (token.TryGetClaimValues(Issuing.PortcullisClaims.DiesWith, out IReadOnlyList<string>? others))
        {
            foreach (var other in others)
            {
                if (Issuing.DeathMark.TryRead(other, out RevocationKind kind, out var value) && Covers(kind, value, token))
                {
                    return true;
                }
            }
        }

        // A child token dies with each of its ancestors.
        if (token.TryGetClaimValues(Issuing.PortcullisClaims.Parents, out IReadOnlyList<string>? parents))
        {
            foreach (var parent in parents)
            {
                if (Covers(RevocationKind.TokenId, parent, token))
                {
                    return true;
                }
            }
        }

        return false;
    }

    public IDisposable OnRevoked(ValidatedToken token, Action revoked)
    {
        var watch = new Watch(this, token, revoked);
        _watches.TryAdd(watch, 0);

        // After it is listed: a revocation that came in between is seen either by its own scan or here.
        watch.Check();
        return watch;
    }

    /// <summary>Adds entries and cuts what they concern. Those that are known already cost nothing: each look into the database brings some again.</summary>
    public void Add(IReadOnlyCollection<RevocationRow> rows)
    {
        var news = false;
        foreach (RevocationRow row in rows)
        {
            var entry = new Entry(row.CreatedAt, row.ExpiresAt, clock.GetTimestamp());
            if (_entries.TryGetValue((row.Kind, row.Value), out Entry old) && old.RevokedAt >= entry.RevokedAt && old.ExpiresAt >= entry.ExpiresAt)
            {
                continue;
            }

            news = true;
            _entries.AddOrUpdate((row.Kind, row.Value), static (_, entry) => entry, static (_, old, entry) => old.Widest(entry), entry);
        }

        if (!news)
        {
            return;
        }

        // After the entries: whoever reads the new number finds them.
        _signal.Raise();
        foreach (Watch watch in _watches.Keys)
        {
            watch.Check();
        }
    }

    public void RemoveExpired()
    {
        DateTimeOffset now = clock.GetUtcNow();
        foreach (var entry in _entries.Where(entry => IsOver(entry.Value, now)))
        {
            _entries.TryRemove(entry);
        }
    }

    // By the clock on the wall and by the time that passed: one that was set forward by mistake, and then back, must not bring back to life what was revoked.
    private bool IsOver(Entry entry, DateTimeOffset now) => entry.ExpiresAt <= now && clock.GetElapsedTime(entry.KnownSince) >= Revocations.RememberedFor(options);

    // `iat` has whole seconds: one that is equal may be from before. A token or a key is named for good, so its entry knows no time. Another issuer's clock may be ahead.
    private bool Covers(RevocationKind kind, string? value, ValidatedToken token) =>
        value is not null && _entries.TryGetValue((kind, value), out Entry entry)
        && (HoldsForGood(kind)
            || token.IssuedAt <= (token.Issuer == options.Issuer ? entry.RevokedAt : entry.RevokedAt + token.IssuerSettings.ClockSkew));

    private static bool HoldsForGood(RevocationKind kind) => kind is RevocationKind.TokenId or RevocationKind.Key or RevocationKind.Session;

    private static Tokens.Revocation.RevocationKind Published(RevocationKind kind) => kind switch
    {
        RevocationKind.TokenId => Tokens.Revocation.RevocationKind.Token,
        RevocationKind.Session => Tokens.Revocation.RevocationKind.Session,
        RevocationKind.Subject => Tokens.Revocation.RevocationKind.Subject,
        RevocationKind.Client => Tokens.Revocation.RevocationKind.Client,
        _ => Tokens.Revocation.RevocationKind.Key,
    };

    private readonly record struct Entry(DateTimeOffset RevokedAt, DateTimeOffset ExpiresAt, long KnownSince)
    {
        public Entry Widest(Entry other) =>
            new(RevokedAt > other.RevokedAt ? RevokedAt : other.RevokedAt, ExpiresAt > other.ExpiresAt ? ExpiresAt : other.ExpiresAt, Math.Max(KnownSince, other.KnownSince));
    }

    private sealed class Watch(RevocationIndex index, ValidatedToken token, Action revoked) : IDisposable
    {
        private int _done;

        public void Check()
        {
            if (index.IsRevoked(token) && Interlocked.Exchange(ref _done, 1) == 0)
            {
                index._watches.TryRemove(this, out _);
                revoked();
            }
        }

        public void Dispose()
        {
            Interlocked.Exchange(ref _done, 1);
            index._watches.TryRemove(this, out _);
        }
    }
}
