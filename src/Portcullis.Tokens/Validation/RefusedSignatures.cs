using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Validation;

/// <summary>
/// Remembers tokens whose signature was computed and is wrong, so that somebody who sends the same one again and again does not pay with this server's arithmetic. Only the signature is remembered, for
/// one key object: every other check is made anew each time, and keys that were fetched again, or changed, are new objects, with which the signature is computed again. A token that becomes valid is never
/// held back.
/// </summary>
/// <remarks>A table of fixed size where the newer token takes the older one's place: whoever fills it with rubbish has the arithmetic done, as if there were no table, and nothing else.</remarks>
internal sealed class RefusedSignatures(int capacity)
{
    private readonly Entry?[] _entries = new Entry?[capacity];

    /// <summary>Whether this token was signed with another key than this one, as far as it is remembered.</summary>
    public bool Contains(TokenHash hash, VerificationKey key) =>
        _entries.Length > 0 && Volatile.Read(ref _entries[IndexOf(hash)]) is { } entry && ReferenceEquals(entry.Key, key) && entry.Hash == hash;

    /// <summary>Remembers a signature that this key did not make.</summary>
    public void Add(TokenHash hash, VerificationKey key)
    {
        if (_entries.Length > 0)
        {
            Volatile.Write(ref _entries[IndexOf(hash)], new Entry(hash, key));
        }
    }

    private int IndexOf(TokenHash hash) => (int)((uint)hash.GetHashCode() % (uint)_entries.Length);

    private sealed record Entry(TokenHash Hash, VerificationKey Key);
}
