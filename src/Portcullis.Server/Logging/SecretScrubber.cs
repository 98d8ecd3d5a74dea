using System.Text.RegularExpressions;

namespace Portcullis.Server.Logging;

/// <summary>
/// The last net: nothing that the program logs is meant to hold a credential, and what looks like one is taken out all the same, since
/// messages of libraries and of the operating system are not ours.
/// </summary>
internal static partial class SecretScrubber
{
    /// <summary>The text without anything that looks like a JWT, an Authorization value, a password in a URL or a private key.</summary>
    public static string Scrub(string text)
        => Secret().IsMatch(text) ? Secret().Replace(text, "[removed]") : text;

    // A JWS begins with base64url of '{"'; any scheme's value follows its name; user:password@ stands in a URL.
    [GeneratedRegex(
        @"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}|(?<=\b(?:Bearer|Basic|Negotiate)\s)[A-Za-z0-9+/_.~=-]{8,}|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
        RegexOptions.CultureInvariant)]
    private static partial Regex Secret();
}
