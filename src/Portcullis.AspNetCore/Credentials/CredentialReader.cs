using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Portcullis.AspNetCore.Credentials;

/// <summary>
/// The one place that reads the <c>Authorization</c> header. A token arrives as Bearer (RFC 6750 §2.1), as the Basic
/// password, or as the Basic user name with an empty password or <c>x-oauth-basic</c> (RFC 7617). Never from a URL or a cookie.
/// </summary>
public static class CredentialReader
{
    // A token of 8 KiB in Base64, and a user name.
    private const int MaxHeaderLength = 16 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a request's header.</summary>
    /// <param name="context">The request.</param>
    public static CredentialResult Read(HttpContext context) => Read(context.Request.Headers.Authorization);

    /// <summary>Reads the header's values.</summary>
    /// <param name="header">All values of the request's <c>Authorization</c> headers.</param>
    internal static CredentialResult Read(StringValues header)
    {
        if (header.Count == 0)
        {
            return CredentialResult.Missing;
        }

        if (header.Count > 1)
        {
            return CredentialResult.Malformed("The request has several Authorization headers; send one.");
        }

        var value = header[0];
        if (string.IsNullOrEmpty(value))
        {
            return CredentialResult.Missing;
        }

        if (value.Length > MaxHeaderLength)
        {
            return CredentialResult.Malformed("The Authorization header is longer than 16 KiB.");
        }

        var space = value.IndexOf(' ', StringComparison.Ordinal);
        var scheme = space < 0 ? value : value.AsSpan(0, space);
        var rest = space < 0 ? string.Empty : value[(space + 1)..];
        if (scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
        {
            return FromBearer(rest);
        }

        return scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)
            ? FromBasic(rest)
            : CredentialResult.Malformed("The Authorization header is neither Bearer nor Basic.");
    }

    private static CredentialResult FromBearer(string token) =>
        token.Length == 0 ? CredentialResult.Missing
        : token.AsSpan().ContainsAny(" ,\t") ? CredentialResult.Malformed("The Authorization header holds more than one credential.")
        : CredentialResult.Of(token, null);

    private static CredentialResult FromBasic(string encoded)
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(encoded.Length)];
        if (encoded.AsSpan().ContainsAny(" \t\r\n") || !Convert.TryFromBase64String(encoded, bytes, out var length))
        {
            return CredentialResult.Malformed("The Basic credential is not Base64.");
        }

        string pair;
        try
        {
            pair = StrictUtf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return CredentialResult.Malformed("The Basic credential is not UTF-8.");
        }

        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return CredentialResult.Malformed("The Basic credential has no colon between user name and password.");
        }

        var user = pair[..colon];
        var password = pair[(colon + 1)..];
        if (password.Length == 0 || password.Equals("x-oauth-basic", StringComparison.Ordinal))
        {
            return user.Length == 0 ? CredentialResult.Missing : CredentialResult.Of(user, null);
        }

        return CredentialResult.Of(password, Recordable(user));
    }

    // The user name is recorded and never trusted; one that could be a secret is not even recorded.
    private static string? Recordable(string user) =>
        user.Length is > 0 and <= 64 && !user.Contains('.', StringComparison.Ordinal) && !user.Any(char.IsControl) ? user : null;
}
