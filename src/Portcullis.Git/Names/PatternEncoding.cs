using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Portcullis.Git.Names;

/// <summary>
/// The percent-encoding of patterns: what an OAuth scope can't carry (RFC 6749 §3.3: space, <c>"</c>, <c>\</c>, controls, non-ASCII) and what has a
/// meaning in a permission (<c>, : @ ^ * %</c>) stand as <c>%</c> and two hexadecimal digits for each byte of UTF-8.
/// </summary>
internal static class PatternEncoding
{
    public static bool MustBeEncoded(char c) => c is <= ' ' or >= (char)0x7f or '"' or '\\' or ',' or ':' or '@' or '^' or '*' or '%';

    /// <summary>Whether the text can be part of a pattern: well-formed, no control characters.</summary>
    public static bool IsEncodable(string text) => !text.Any(c => c is < ' ' or (char)0x7f) && Utf8.FromUtf16(text, new byte[text.Length * 3], out _, out _, replaceInvalidSequences: false) == OperationStatus.Done;

    public static string Encode(string text)
    {
        if (!text.Any(MustBeEncoded))
        {
            return text;
        }

        var encoded = new StringBuilder(text.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var isWellFormed = Rune.DecodeFromUtf16(rest, out var rune, out var length) == OperationStatus.Done;
            rest = rest[length..];
            if (rune.IsAscii && !MustBeEncoded((char)rune.Value))
            {
                encoded.Append((char)rune.Value);
                continue;
            }

            // An unpaired surrogate must not become U+FFFD, which would make one name of many: %FF is in no UTF-8, so decoding refuses it.
            foreach (var b in isWellFormed ? utf8[..rune.EncodeToUtf8(utf8)] : [0xff])
            {
                encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }

    /// <summary>Decodes the pieces between unencoded stars.</summary>
    public static bool TryDecode(ReadOnlySpan<char> encoded, [NotNullWhen(true)] out string[]? parts, out PatternProblem problem)
    {
        parts = null;
        if (encoded.IsEmpty)
        {
            problem = new(0, "A pattern may not be empty; '*' matches everything.");
            return false;
        }

        if (encoded.Length > WildcardPattern.MaxLength)
        {
            problem = new(WildcardPattern.MaxLength, "A pattern may have at most 4096 characters.");
            return false;
        }

        var decoded = new List<string>();
        var start = 0;
        while (true)
        {
            var star = encoded[start..].IndexOf('*');
            var end = star < 0 ? encoded.Length : start + star;
            if (!TryDecodePart(encoded[start..end], start, out var part, out problem))
            {
                return false;
            }

            decoded.Add(part);
            if (star < 0)
            {
                parts = [.. decoded];
                return true;
            }

            start = end + 1;
        }
    }

    private static bool TryDecodePart(ReadOnlySpan<char> encoded, int offset, [NotNullWhen(true)] out string? part, out PatternProblem problem)
    {
        part = null;
        problem = default;
        var utf8 = encoded.Length <= 256 ? stackalloc byte[256] : new byte[encoded.Length];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            var c = encoded[i];
            if (c == '%')
            {
                if (i + 2 >= encoded.Length || !char.IsAsciiHexDigit(encoded[i + 1]) || !char.IsAsciiHexDigit(encoded[i + 2]))
                {
                    problem = new(offset + i, "'%' must be followed by two hexadecimal digits; a literal '%' is written '%25'.");
                    return false;
                }

                var b = byte.Parse(encoded.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                if (b is < 0x20 or 0x7f)
                {
                    problem = new(offset + i, "A control character stands in no name, so a pattern may not hold one.");
                    return false;
                }

                utf8[length++] = b;
                i += 2;
            }
            else if (MustBeEncoded(c))
            {
                problem = new(offset + i, "This character must be percent-encoded as UTF-8 when it is meant literally, for example '%40' for '@'.");
                return false;
            }
            else
            {
                utf8[length++] = (byte)c;
            }
        }

        if (!Utf8.IsValid(utf8[..length]))
        {
            problem = new(offset, "The percent-encoded bytes are not well-formed UTF-8.");
            return false;
        }

        part = Encoding.UTF8.GetString(utf8[..length]);
        return true;
    }
}
