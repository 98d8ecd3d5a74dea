using System.Buffers;
using System.Net.Http.Headers;

namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>Writes the header of bearer tokens (RFC 6750 §2.1).</summary>
internal static class BearerAuthentication
{
    // b64token
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");

    /// <summary>The header for a token.</summary>
    /// <exception cref="UpstreamCredentialException">It holds what no token holds.</exception>
    public static AuthenticationHeaderValue Header(string token) => token.AsSpan().ContainsAnyExcept(TokenCharacters)
        ? throw new UpstreamCredentialException("The bearer token holds characters that no token has.")
        : new AuthenticationHeaderValue("Bearer", token);
}
