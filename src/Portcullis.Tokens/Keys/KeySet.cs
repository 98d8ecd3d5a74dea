namespace Portcullis.Tokens.Keys;

/// <summary>The verification keys of one issuer at one time. Immutable: a change of keys is another object.</summary>
public sealed class KeySet
{
    private readonly VerificationKey[] _keys;

    internal KeySet(IEnumerable<VerificationKey> keys, bool isSymmetric, IReadOnlyList<string> problems)
    {
        _keys = [.. keys];
        IsSymmetric = isSymmetric;
        Problems = problems;
    }

    /// <summary>How many keys can verify.</summary>
    public int Count => _keys.Length;

    /// <summary>The ids of the keys; a key without one shows as its RFC 7638 thumbprint.</summary>
    public IReadOnlyList<string> KeyIds => [.. _keys.Select(key => key.KeyId ?? key.Thumbprint).OfType<string>()];

    /// <summary>Whether it is a shared secret.</summary>
    public bool IsSymmetric { get; }

    /// <summary>Which keys of the source were left out, and why: a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Reads a JSON Web Key Set (RFC 7517 §5). Encryption keys, private halves and shared secrets in it are never used.</summary>
    /// <param name="utf8Json">The document.</param>
    /// <exception cref="KeySetFormatException">The document is no key set. A single key that can't be used doesn't spoil the others: see <see cref="Problems"/>.</exception>
    public static KeySet ParseJwks(ReadOnlyMemory<byte> utf8Json) => JwksReader.Read(utf8Json);

    internal bool Contains(VerificationKey key) => Array.IndexOf(_keys, key) >= 0;

    /// <summary>
    /// The one key that a token with this <c>kid</c> and <c>alg</c> must be verified with. The <c>kid</c> is compared, never interpreted; without one there must be exactly one candidate:
    /// trying several keys in turn would let a token choose.
    /// </summary>
    internal VerificationKey? Find(string? keyId, AlgorithmDescriptor algorithm, out TokenError error)
    {
        VerificationKey? found = null;
        bool named = false;
        foreach (VerificationKey key in _keys)
        {
            // A shared secret without an id of its own is the issuer's only key, whatever its tokens call it.
            bool matches = keyId is null || string.Equals(key.KeyId, keyId, StringComparison.Ordinal) || (IsSymmetric && key.KeyId is null);
            if (!matches)
            {
                continue;
            }

            named = true;
            if (!key.Suits(algorithm))
            {
                continue;
            }

            if (found is not null)
            {
                error = TokenError.KeyAmbiguous;
                return null;
            }

            found = key;
        }

        error = found is not null ? TokenError.None : named ? TokenError.KeyUnsuitable : TokenError.KeyUnknown;
        return found;
    }

    /// <summary>The key here that is the same key as one of an older set.</summary>
    internal VerificationKey? FindSame(VerificationKey old)
    {
        if (old.Thumbprint is null)
        {
            return Contains(old) ? old : null;
        }

        return Array.Find(_keys, key => key.Thumbprint == old.Thumbprint && key.KeyId == old.KeyId && key.Algorithm == old.Algorithm);
    }
}
