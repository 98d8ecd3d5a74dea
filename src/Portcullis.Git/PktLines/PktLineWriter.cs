using System.Buffers;
using System.Text;

namespace Portcullis.Git.PktLines;

/// <summary>Writes pkt-lines. Nothing is ever split: what doesn't fit into one line is the caller's mistake.</summary>
public static class PktLineWriter
{
    /// <summary>Writes a line with the payload.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="payload">At most <see cref="PktLine.MaxPayloadLength"/> bytes.</param>
    /// <exception cref="ArgumentException">The payload is longer.</exception>
    public static void WriteData(this IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        var span = output.GetSpan(CheckedLength(payload.Length));
        WriteHeader(span, payload.Length + PktLine.HeaderLength);
        payload.CopyTo(span[PktLine.HeaderLength..]);
        output.Advance(payload.Length + PktLine.HeaderLength);
    }

    /// <summary>Writes a line of text and ends it with a newline.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="text">The text in bytes, without newline.</param>
    /// <exception cref="ArgumentException">The text doesn't fit.</exception>
    public static void WriteText(this IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        var length = CheckedLength(text.Length + 1);
        var span = output.GetSpan(length);
        WriteHeader(span, length);
        text.CopyTo(span[PktLine.HeaderLength..]);
        span[length - 1] = (byte)'\n';
        output.Advance(length);
    }

    /// <summary>Writes a line of text as UTF-8 and ends it with a newline.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="text">The text, without newline.</param>
    /// <exception cref="ArgumentException">The text doesn't fit.</exception>
    public static void WriteText(this IBufferWriter<byte> output, string text)
    {
        var length = CheckedLength(Encoding.UTF8.GetByteCount(text) + 1);
        var span = output.GetSpan(length);
        WriteHeader(span, length);
        Encoding.UTF8.GetBytes(text, span[PktLine.HeaderLength..]);
        span[length - 1] = (byte)'\n';
        output.Advance(length);
    }

    /// <summary>Writes lines that are made already, without copying them where <paramref name="output"/> can do without.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="lines">Whole lines, in memory that never changes.</param>
    public static void WriteLines(this IBufferWriter<byte> output, ReadOnlyMemory<byte> lines)
    {
        if (output is IPieceWriter pieces)
        {
            pieces.Append(lines);
        }
        else
        {
            output.Write(lines.Span);
        }
    }

    /// <summary>Writes a flush-pkt, <c>0000</c>.</summary>
    /// <param name="output">Where to.</param>
    public static void WriteFlush(this IBufferWriter<byte> output) => output.Write("0000"u8);

    /// <summary>Writes a delim-pkt, <c>0001</c>.</summary>
    /// <param name="output">Where to.</param>
    public static void WriteDelim(this IBufferWriter<byte> output) => output.Write("0001"u8);

    /// <summary>Writes a response-end-pkt, <c>0002</c>.</summary>
    /// <param name="output">Where to.</param>
    public static void WriteResponseEnd(this IBufferWriter<byte> output) => output.Write("0002"u8);

    /// <summary>Writes an error line, <c>ERR …</c>: git prints the text and stops (gitprotocol-pack "error-line").</summary>
    /// <param name="output">Where to.</param>
    /// <param name="message">The text; newlines and other controls become spaces, so that nobody can write on the user's terminal.</param>
    public static void WriteError(this IBufferWriter<byte> output, string message) =>
        output.WriteText("ERR " + string.Create(message.Length, message, static (span, text) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(text[i]) ? ' ' : text[i];
            }
        }));

    /// <summary>Writes the four digits of a line whose payload the caller writes itself.</summary>
    /// <param name="destination">At least four bytes.</param>
    /// <param name="length">The length of the whole line, these four bytes included.</param>
    internal static void WriteHeader(Span<byte> destination, int length)
    {
        var digits = "0123456789abcdef"u8;
        destination[3] = digits[length & 15];
        destination[2] = digits[(length >> 4) & 15];
        destination[1] = digits[(length >> 8) & 15];
        destination[0] = digits[(length >> 12) & 15];
    }

    private static int CheckedLength(int payloadLength) => payloadLength <= PktLine.MaxPayloadLength
        ? payloadLength + PktLine.HeaderLength
        : throw new ArgumentException("A pkt-line carries at most 65516 bytes.");
}
