using System.Globalization;

namespace Portcullis.Gateway.Requests;

/// <summary>One range of bytes (RFC 9110 §14.1.2).</summary>
/// <param name="First">The first byte; null for a range that counts from the end.</param>
/// <param name="Last">The last byte; without <paramref name="First"/>, how many bytes at the end.</param>
internal readonly record struct ByteRange(long? First, long? Last)
{
    /// <summary>Reads a <c>Range</c> header. Null for none, and for one that isn't one range of bytes: a server may ignore it (RFC 9110 §14.2), and sends everything.</summary>
    public static ByteRange? Parse(string? header)
    {
        const string Unit = "bytes=";
        if (header is null || header.Length > 64 || !header.StartsWith(Unit, StringComparison.Ordinal))
        {
            return null;
        }

        var text = header.AsSpan(Unit.Length);
        var hyphen = text.IndexOf('-');
        if (hyphen < 0 || !TryParse(text[..hyphen], out var first) || !TryParse(text[(hyphen + 1)..], out var last)
            || (first is null && last is null) || last < first)
        {
            return null;
        }

        return new ByteRange(first, last);
    }

    /// <summary>Where the range lies in something of a given length. Null when none of it does.</summary>
    public (long Offset, long Length)? Within(long length)
    {
        if (First is not { } first)
        {
            var count = Math.Min(Last!.Value, length);
            return count == 0 ? null : (length - count, count);
        }

        return first >= length ? null : (first, Math.Min(Last ?? long.MaxValue, length - 1) - first + 1);
    }

    private static bool TryParse(ReadOnlySpan<char> digits, out long? number)
    {
        number = null;
        if (digits.IsEmpty)
        {
            return true;
        }

        var isNumber = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        number = value;
        return isNumber;
    }
}
