using System.Text;
using Portcullis.Tokens.Keys;

namespace Portcullis.Authority.Keys;

/// <summary>The ring at one moment: whoever holds one sees keys that fit together, whatever happens meanwhile.</summary>
internal sealed class KeyRingSnapshot
{
    public KeyRingSnapshot(IReadOnlyList<RingKey> keys, DateTimeOffset now)
    {
        Keys = keys;
        Jwks = Encoding.UTF8.GetBytes($"{{\"keys\":[{string.Join(",", keys.Where(key => key.IsAlive(now)).Select(key => key.Key.ToJwk()))}]}}");
        KeySet = KeySet.ParseJwks(Jwks);
    }

    public IReadOnlyList<RingKey> Keys { get; }

    /// <summary>The RFC 7517 document: public halves of all that may be met on a valid token, now or soon.</summary>
    public byte[] Jwks { get; }

    public KeySet KeySet { get; }

    /// <summary>
    /// The key that signs now: of those whose time has come the one that nothing replaces, or else, while its successor waits, the latest. Where no key's time has come, since the clock was
    /// ahead when they were made, the first whose will: it is as good and as well known.
    /// </summary>
    public RingKey? FindSigning(string algorithm, DateTimeOffset now) =>
        Keys.Where(key => key.Key.Algorithm == algorithm && key.IsAlive(now) && key.SignsFrom <= now).MaxBy(key => (key.VerifiesUntil is null, key.SignsFrom))
        ?? Keys.Where(key => key.Key.Algorithm == algorithm && key.IsAlive(now)).MinBy(key => key.SignsFrom);

    public RingKey? FindNext(string algorithm, DateTimeOffset now) =>
        Keys.Where(key => key.Key.Algorithm == algorithm && key.IsAlive(now) && key.SignsFrom > now).MinBy(key => key.SignsFrom);

    public KeyState StateOf(RingKey key, DateTimeOffset now) =>
        key.RevokedAt is not null ? KeyState.Revoked
        : !key.IsAlive(now) ? KeyState.Retired
        : ReferenceEquals(FindSigning(key.Key.Algorithm, now), key) ? KeyState.Signing
        : key.SignsFrom > now ? KeyState.Next
        : KeyState.Verifying;
}
