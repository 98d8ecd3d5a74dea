using System.Text;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Tokens.Keys;

/// <summary>The own keys: one that signs, and all that verify (the next one before it signs, the last ones until their tokens are dead). Safe to use from many threads.</summary>
public sealed class SigningKeyRing : IKeySetSource
{
    private readonly Lock _gate = new();
    private volatile Snapshot _snapshot = new([], null, new KeySet([], isSymmetric: false, []), """{"keys":[]}""");

    /// <summary>Makes an empty ring.</summary>
    public SigningKeyRing()
    {
    }

    /// <summary>Makes a ring of one key, which signs.</summary>
    public SigningKeyRing(SigningKey active)
    {
        Add(active);
        Activate(active.KeyId!);
    }

    /// <summary>The key that signs.</summary>
    /// <exception cref="InvalidOperationException">None has been activated.</exception>
    public SigningKey Active => _snapshot.Active ?? throw new InvalidOperationException("No signing key is active.");

    /// <summary>All keys that verify.</summary>
    public IReadOnlyList<SigningKey> Keys => _snapshot.Keys;

    /// <inheritdoc/>
    public bool IsSymmetric => false;

    /// <inheritdoc/>
    public KeySetSourceStatus Status => new("own keys", _snapshot.Keys.Length, null, _snapshot.Active is null ? "No signing key is active." : null);

    /// <summary>Publishes a key: from now on it verifies. Signing starts with <see cref="Activate"/>.</summary>
    /// <exception cref="ArgumentException">It is a shared secret, which can't be published.</exception>
    public void Add(SigningKey key)
    {
        if (SignatureAlgorithms.IsSymmetric(key.Algorithm))
        {
            throw new ArgumentException("A shared secret can't be published.", nameof(key));
        }

        lock (_gate)
        {
            _snapshot = Build([.. _snapshot.Keys.Where(k => k.KeyId != key.KeyId), key], _snapshot.Active?.KeyId == key.KeyId ? key : _snapshot.Active);
        }
    }

    /// <summary>Makes a published key the one that signs.</summary>
    /// <exception cref="ArgumentException">The ring has no such key.</exception>
    public void Activate(string keyId)
    {
        lock (_gate)
        {
            SigningKey key = Array.Find(_snapshot.Keys, k => k.KeyId == keyId) ?? throw new ArgumentException("The ring has no such key.", nameof(keyId));
            _snapshot = Build(_snapshot.Keys, key);
        }
    }

    /// <summary>Takes a key out: it verifies nothing from now on, tokens in caches included.</summary>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="InvalidOperationException">It is the key that signs: activate another one first.</exception>
    public bool Remove(string keyId)
    {
        lock (_gate)
        {
            if (_snapshot.Active?.KeyId == keyId)
            {
                throw new InvalidOperationException("The key signs: activate another one first.");
            }

            SigningKey[] rest = [.. _snapshot.Keys.Where(k => k.KeyId != keyId)];
            bool removed = rest.Length < _snapshot.Keys.Length;
            if (removed)
            {
                _snapshot = Build(rest, _snapshot.Active);
            }

            return removed;
        }
    }

    /// <summary>The public halves as a JSON Web Key Set, for <c>/.well-known/jwks.json</c>.</summary>
    public string ToJwks() => _snapshot.Jwks;

    /// <inheritdoc/>
    public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => new(_snapshot.Verifying);

    /// <inheritdoc/>
    public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => new(_snapshot.Verifying);

    private static Snapshot Build(SigningKey[] keys, SigningKey? active)
    {
        // Through the published form: what others verify with is what we verify with.
        string jwks = $$"""{"keys":[{{string.Join(',', keys.Select(k => k.ToJwk()))}}]}""";
        return new Snapshot(keys, active, KeySet.ParseJwks(Encoding.UTF8.GetBytes(jwks)), jwks);
    }

    private sealed record Snapshot(SigningKey[] Keys, SigningKey? Active, KeySet Verifying, string Jwks);
}
