using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Issuers;

/// <summary>A key set that never changes.</summary>
/// <param name="keys">The keys.</param>
public sealed class StaticKeySetSource(KeySet keys) : IKeySetSource
{
    /// <inheritdoc/>
    public bool IsSymmetric => keys.IsSymmetric;

    /// <inheritdoc/>
    public KeySetSourceStatus Status => new("in memory", keys.Count, null, keys.Problems.Count == 0 ? null : string.Join(" ", keys.Problems));

    /// <inheritdoc/>
    public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => new(keys);

    /// <inheritdoc/>
    public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => new(keys);
}
