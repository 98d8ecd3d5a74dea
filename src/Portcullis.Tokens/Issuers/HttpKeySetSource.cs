using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Issuers;

/// <summary>A JSON Web Key Set at a URL, cached as the server's headers say.</summary>
public sealed class HttpKeySetSource : IKeySetSource
{
    private readonly Uri _uri;
    private readonly RefreshingKeySet _keys;

    /// <summary>Creates the source; the first fetch comes with the first token.</summary>
    /// <param name="uri">The address: https, or http on a loopback address.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Bounds; <see langword="null"/>: the defaults.</param>
    /// <param name="handler">What sends the requests, for own certificates or proxies; it must not follow redirects. <see langword="null"/>: a shared one. Not disposed.</param>
    /// <exception cref="ArgumentException">The address is not one that keys may come from.</exception>
    public HttpKeySetSource(Uri uri, TimeProvider time, HttpKeySetOptions? options = null, HttpMessageHandler? handler = null)
    {
        if (!IssuerHttpClient.IsAcceptable(uri))
        {
            throw new ArgumentException("Keys are fetched over https only, or http on a loopback address.", nameof(uri));
        }

        _uri = uri;
        options ??= new HttpKeySetOptions();
        var remote = new RemoteKeySet(new IssuerHttpClient(handler, time, options));
        _keys = new RefreshingKeySet((last, cancellationToken) => remote.FetchAsync(uri, last, cancellationToken), time, options);
    }

    /// <inheritdoc/>
    public bool IsSymmetric => false;

    /// <inheritdoc/>
    public KeySetSourceStatus Status => _keys.Current.ToStatus(_uri.ToString());

    /// <inheritdoc/>
    public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => _keys.GetAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => _keys.RefreshForUnknownKeyAsync(cancellationToken);
}
