using System.Net;

namespace Portcullis.Server.Configuration;

/// <summary>Reads the addresses that settings name.</summary>
internal static class Addresses
{
    /// <summary>An absolute http or https URL without user information and fragment; null for anything else.</summary>
    public static Uri? Web(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Scheme is "https" or "http"
        && uri.UserInfo.Length == 0
        && uri.Fragment.Length == 0
        && !text.Contains('#', StringComparison.Ordinal)
        && !text.Any(c => c <= ' ' || c == '\\')
            ? uri
            : null;

    /// <summary>Whether what is sent there stays on this machine.</summary>
    public static bool IsLoopback(Uri uri) =>
        uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <summary>Whether keys may be fetched from there: over TLS, or on this machine. Over anything else, anyone on the way could put in keys of their own.</summary>
    public static bool IsSafe(Uri uri) => uri.Scheme == "https" || IsLoopback(uri);
}
