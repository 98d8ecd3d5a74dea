using System.Net;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>What the client asked the proxy for. After this nobody reads the headers again.</summary>
/// <param name="Method">The method, in capitals.</param>
/// <param name="Host">The host in lower case, without a port.</param>
/// <param name="Path">The path, unescaped, without the query.</param>
/// <param name="Client">The client's address as the proxy says; for the record alone.</param>
internal sealed record OriginalRequest(string Method, string Host, string Path, IPAddress? Client)
{
    private const int MaxShownLength = 300;

    /// <summary>The request in a line, bounded, without what a terminal could take for a command.</summary>
    public string Shown
    {
        get
        {
            var text = $"{Method} {Host}{Path}";
            var shown = text.Length > MaxShownLength ? text[..MaxShownLength] + "..." : text;
            return string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) || (c > '~' && !char.IsLetterOrDigit(c)) ? '?' : c));
        }
    }
}
