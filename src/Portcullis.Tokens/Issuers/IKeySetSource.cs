using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Issuers;

/// <summary>Where an issuer's verification keys come from: a file, a URL, discovery, a shared secret, or the own ring.</summary>
public interface IKeySetSource
{
    /// <summary>
    /// The keys that count now. The same object for as long as they don't change, so that a cache can tell by reference. <see langword="null"/> when there are none
    /// to be had: nothing was ever loaded, or the last good set is too old. Completes at once while what is held is fresh.
    /// </summary>
    ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Asked when a token names a key that the set doesn't hold: perhaps the issuer has just rotated. Returns what counts after looking, which is
    /// the same object as before when nothing is new or it may not be looked for yet: anyone can send a token with an unknown <c>kid</c>, so a source bounds how often it looks.
    /// </summary>
    ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken);

    /// <summary>Whether it gives a shared secret (HS*) rather than public keys. Never both.</summary>
    bool IsSymmetric { get; }

    /// <summary>What the source holds and what last went wrong, for <c>doctor</c> and readiness.</summary>
    KeySetSourceStatus Status { get; }
}
