using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>
/// The path of a request as every server behind the proxy must understand it. What two servers could understand in two ways is refused, since the rules would be asked about the one and the
/// service would serve the other.
/// </summary>
internal static class OriginalPath
{
    private const int MaxLength = 8192;
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a request target in origin form (RFC 9112 §3.2.1); the query is left out.</summary>
    public static bool TryRead(string target, [NotNullWhen(true)] out string? path, [NotNullWhen(false)] out string? problem)
    {
        path = null;
        problem = Read(target, out path);
        return problem is null;
    }

    private static string? Read(string target, out string? path)
    {
        path = null;
        if (target.Length > MaxLength)
        {
            return "its address is longer than 8192 characters";
        }

        var query = target.IndexOf('?', StringComparison.Ordinal);
        var raw = query < 0 ? target : target[..query];
        if (!raw.StartsWith('/'))
        {
            return "its path does not begin with '/'";
        }

        // RFC 3986 §3.3, and nothing else: servers differ in what they make of the rest.
        var bytes = new byte[raw.Length];
        var length = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];
            if (c == '%')
            {
                if (i + 2 >= raw.Length || !byte.TryParse(raw.AsSpan(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value))
                {
                    return "its path has a '%' without two hexadecimal digits";
                }

                // A slash that is none, a dot that one server resolves and the other does not, an escape for whoever unescapes twice, an end of text.
                if (value is (byte)'/' or (byte)'\\' or (byte)'.' or (byte)'%' or (byte)';' or < 0x20 or 0x7F)
                {
                    return $"its path has %{value:X2}, which servers understand in different ways";
                }

                bytes[length++] = value;
                i += 2;
            }
            else if (char.IsAsciiLetterOrDigit(c) || "/-._~!$&'()*+,=:@".Contains(c, StringComparison.Ordinal))
            {
                bytes[length++] = (byte)c;
            }
            else
            {
                return c == ';' ? "its path has a ';', which servers understand in different ways" : "its path has a character that no path has";
            }
        }

        string text;
        try
        {
            text = s_strict.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return "its path is not UTF-8";
        }

        var segments = text.Split('/');
        for (var i = 1; i < segments.Length; i++)
        {
            if (segments[i].Length == 0 && i < segments.Length - 1)
            {
                return "its path has '//', which servers understand in different ways";
            }

            if (segments[i] is "." or "..")
            {
                return "its path has '.' or '..', which servers understand in different ways";
            }
        }

        path = text;
        return null;
    }
}
