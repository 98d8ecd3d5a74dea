using System.Text.Json;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Validation;

namespace Portcullis.Tokens.Issuers;

/// <summary>The keys of an issuer that describes itself: OpenID Connect Discovery 1.0 §4, or else RFC 8414 §3.</summary>
public sealed class DiscoveryKeySetSource : IKeySetSource
{
    private readonly string _issuer;
    private readonly TimeProvider _time;
    private readonly IssuerHttpClient _client;
    private readonly RemoteKeySet _remote;
    private readonly RefreshingKeySet _keys;
    private Uri? _keysUri;
    private DateTimeOffset _keysUriFreshUntil;

    /// <summary>Creates the source; the first fetch comes with the first token.</summary>
    /// <param name="issuer">The issuer's identifier, exactly as its tokens have it in <c>iss</c>: an https address, or http on a loopback address.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Bounds; <see langword="null"/>: the defaults.</param>
    /// <param name="handler">What sends the requests; it must not follow redirects. <see langword="null"/>: a shared one. Not disposed.</param>
    /// <exception cref="ArgumentException">The issuer is not an address that keys may come from.</exception>
    public DiscoveryKeySetSource(string issuer, TimeProvider time, HttpKeySetOptions? options = null, HttpMessageHandler? handler = null)
    {
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out Uri? uri) || !IssuerHttpClient.IsAcceptable(uri) || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw new ArgumentException("An issuer that is found by discovery is an https address without a query, or http on a loopback address.", nameof(issuer));
        }

        _issuer = issuer;
        _time = time;
        options ??= new HttpKeySetOptions();
        _client = new IssuerHttpClient(handler, time, options);
        _remote = new RemoteKeySet(_client);
        _keys = new RefreshingKeySet(FetchAsync, time, options);
    }

    /// <inheritdoc/>
    public bool IsSymmetric => false;

    /// <inheritdoc/>
    public KeySetSourceStatus Status => _keys.Current.ToStatus(OpenIdAddress().ToString());

    /// <inheritdoc/>
    public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => _keys.GetAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => _keys.RefreshForUnknownKeyAsync(cancellationToken);

    private async Task<FetchedKeys> FetchAsync(KeySet? last, CancellationToken cancellationToken)
    {
        if (_keysUri is null || _time.GetUtcNow() >= _keysUriFreshUntil)
        {
            try
            {
                await DiscoverAsync(cancellationToken);
            }
            catch (FetchException) when (_keysUri is not null)
            {
                // Where the keys were is where they most likely still are.
            }
        }

        return await _remote.FetchAsync(_keysUri!, last, cancellationToken);
    }

    private async Task DiscoverAsync(CancellationToken cancellationToken)
    {
        FetchedDocument document;
        try
        {
            document = await _client.GetAsync(OpenIdAddress(), default, cancellationToken);
        }
        catch (FetchException openId)
        {
            try
            {
                document = await _client.GetAsync(OAuthAddress(), default, cancellationToken);
            }
            catch (FetchException)
            {
                throw openId;
            }
        }

        _keysUri = Read(document.Content!);
        _keysUriFreshUntil = _time.GetUtcNow() + document.FreshFor;
    }

    private Uri Read(byte[] content)
    {
        if (JsonText.TryParseObject(content, maxDepth: 16) is not { } metadata)
        {
            throw new FetchException($"The metadata of {_issuer} is not one strict JSON object.");
        }

        // OpenID Connect Discovery §4.3, RFC 8414 §3.3: exactly, or it describes somebody else (a mix-up).
        if (Text(metadata, "issuer") != _issuer)
        {
            throw new FetchException($"The metadata of {_issuer} names another issuer.");
        }

        return Uri.TryCreate(Text(metadata, "jwks_uri"), UriKind.Absolute, out Uri? uri) && IssuerHttpClient.IsAcceptable(uri)
            ? uri
            : throw new FetchException($"The metadata of {_issuer} has no jwks_uri with https.");
    }

    private static string? Text(JsonElement metadata, string name) =>
        metadata.TryGetProperty(name, out JsonElement value) && JsonText.TryGetString(value, out string? text) ? text : null;

    // Discovery §4: appended. RFC 8414 §3.1: put between the host and the path.
    private Uri OpenIdAddress() => new(_issuer.TrimEnd('/') + "/.well-known/openid-configuration");

    private Uri OAuthAddress()
    {
        var issuer = new Uri(_issuer);
        return new Uri(issuer, "/.well-known/oauth-authorization-server" + issuer.AbsolutePath.TrimEnd('/'));
    }
}
