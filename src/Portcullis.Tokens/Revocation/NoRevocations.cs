namespace Portcullis.Tokens.Revocation;

/// <summary>The list of a service that never revokes: tokens live until they expire.</summary>
public sealed class NoRevocations : IRevocationList, IDisposable
{
    private NoRevocations()
    {
    }

    /// <summary>The one instance.</summary>
    public static NoRevocations Instance { get; } = new();

    /// <inheritdoc/>
    public long? Version => 0;

    /// <inheritdoc/>
    public bool IsRevoked(ValidatedToken token) => false;

    /// <inheritdoc/>
    public IDisposable OnRevoked(ValidatedToken token, Action revoked) => this;

    void IDisposable.Dispose()
    {
    }
}
