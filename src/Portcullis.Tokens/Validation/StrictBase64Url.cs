using System.Buffers;
using System.Buffers.Text;

namespace Portcullis.Tokens.Validation;

/// <summary>
/// Base64url as RFC 7515 §2 defines it, and nothing more: no padding, no white space, and no bits left over that aren't zero, so that a value has exactly one spelling
/// (RFC 4648 §3.5). The decoders of the base library take padding and white space.
/// </summary>
internal static class StrictBase64Url
{
    private static readonly SearchValues<byte> s_alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    private static readonly SearchValues<byte> s_alphabetAndDot = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."u8);

    public static bool IsAlphabetOrDot(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(s_alphabetAndDot);

    public static bool IsCanonical(ReadOnlySpan<byte> text)
    {
        if (text.ContainsAnyExcept(s_alphabet))
        {
            return false;
        }

        return (text.Length % 4) switch
        {
            0 => true,
            1 => false,
            // One byte in two characters: the last four bits are spare. Two bytes in three: two bits.
            2 => (Value(text[^1]) & 0b1111) == 0,
            _ => (Value(text[^1]) & 0b11) == 0,
        };
    }

    /// <summary>The bytes, or <see langword="null"/> when the text isn't canonical.</summary>
    public static byte[]? TryDecode(ReadOnlySpan<byte> text) => IsCanonical(text) ? Base64Url.DecodeFromUtf8(text) : null;

    /// <summary>The bytes, or <see langword="null"/> when the text isn't canonical.</summary>
    public static byte[]? TryDecode(string text)
    {
        Span<byte> ascii = text.Length <= 512 ? stackalloc byte[text.Length] : new byte[text.Length];
        return System.Text.Ascii.FromUtf16(text, ascii, out int written) == OperationStatus.Done ? TryDecode(ascii[..written]) : null;
    }

    private static int Value(byte character) => character switch
    {
        >= (byte)'A' and <= (byte)'Z' => character - 'A',
        >= (byte)'a' and <= (byte)'z' => character - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => character - '0' + 52,
        (byte)'-' => 62,
        _ => 63,
    };
}
