using System.Text.Unicode;

namespace Portcullis.Git.PktLines;

/// <summary>Lines of text as requests hold them.</summary>
internal static class PktLineText
{
    /// <summary>
    /// The line without its newline. Refused when it holds a control character or isn't UTF-8: git reads lines as C strings, which end at a NUL, so such bytes are a way
    /// to be read differently.
    /// </summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> payload)
    {
        var line = payload is [.., (byte)'\n'] ? payload[..^1] : payload;
        return line.ContainsAnyInRange((byte)0, (byte)0x1f) || line.Contains((byte)0x7f) || !Utf8.IsValid(line)
            ? throw PktLineException.Unexpected("A line of the request holds control characters or is not UTF-8.")
            : line;
    }
}
