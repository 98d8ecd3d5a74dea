using System.Collections.Concurrent;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Validation;

/// <summary>A token that passed, and what it passed with: whoever takes it out again must see whether that still holds.</summary>
/// <param name="Token">The token.</param>
/// <param name="Key">The key that verified it.</param>
/// <param name="Keys">The set that had the key.</param>
/// <param name="RevocationVersion">The version of the revocation list, read before it was asked.</param>
/// <param name="Issuer">The rules that applied.</param>
internal sealed record CachedToken(ValidatedToken Token, VerificationKey Key, KeySet Keys, long? RevocationVersion, IssuerRules Issuer);

/// <summary>
/// Remembers validated tokens by hash, in two generations: when the young one is full it becomes the old one, and what the old one held and nobody asked for is dropped. Bounded without a
/// clock, a lock or a list. Only tokens with a good signature get in, so a stranger can't push the others out.
/// </summary>
internal sealed class ValidatedTokenCache(int capacity)
{
    private readonly int _generationCapacity = Math.Max(1, capacity / 2);
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<TokenHash, CachedToken> _young = new();
    private volatile ConcurrentDictionary<TokenHash, CachedToken> _old = new();
    private int _youngCount;

    public bool IsEnabled { get; } = capacity > 0;

    public int Count => _young.Count + _old.Count;

    public CachedToken? Find(TokenHash hash)
    {
        if (_young.TryGetValue(hash, out CachedToken? entry))
        {
            return entry;
        }

        if (_old.TryGetValue(hash, out entry))
        {
            Add(entry);
        }

        return entry;
    }

    public void Add(CachedToken entry)
    {
        if (!IsEnabled)
        {
            return;
        }

        if (!_young.TryAdd(entry.Token.TokenHash, entry))
        {
            _young[entry.Token.TokenHash] = entry;
            return;
        }

        if (Interlocked.Increment(ref _youngCount) >= _generationCapacity)
        {
            lock (_gate)
            {
                if (_youngCount >= _generationCapacity)
                {
                    _old = _young;
                    _young = new();
                    Volatile.Write(ref _youngCount, 0);
                }
            }
        }
    }

    public void Remove(TokenHash hash)
    {
        if (_young.TryRemove(hash, out _))
        {
            Interlocked.Decrement(ref _youngCount);
        }

        _old.TryRemove(hash, out _);
    }
}
