using System.Buffers;

namespace Portcullis.Git.PktLines;

/// <summary>One pkt-line. The payload belongs to the reader's buffer: it is valid until the reader moves on.</summary>
public readonly struct PktLine
{
    /// <summary>The longest line, its four digits included (<c>LARGE_PACKET_MAX</c> in pkt-line.h).</summary>
    public const int MaxLength = 65520;

    /// <summary>The longest payload.</summary>
    public const int MaxPayloadLength = MaxLength - HeaderLength;

    /// <summary>Length of the four hexadecimal digits in front.</summary>
    public const int HeaderLength = 4;

    internal PktLine(PktLineKind kind, ReadOnlySequence<byte> payload)
    {
        Kind = kind;
        Payload = payload;
    }

    /// <summary>What the line is.</summary>
    public PktLineKind Kind { get; }

    /// <summary>What stands after the length; empty unless <see cref="Kind"/> is <see cref="PktLineKind.Data"/>.</summary>
    public ReadOnlySequence<byte> Payload { get; }

    /// <summary>Length of the whole line on the wire.</summary>
    public int WireLength => HeaderLength + (int)Payload.Length;

    /// <summary>The payload without one trailing newline, as git reads lines of text (<c>PACKET_READ_CHOMP_NEWLINE</c>).</summary>
    /// <param name="scratch">Where the bytes are copied when they lie in several segments: at least <see cref="MaxPayloadLength"/> long for any line.</param>
    /// <returns>The text, in the reader's buffer or in <paramref name="scratch"/>.</returns>
    public ReadOnlySpan<byte> Text(Span<byte> scratch)
    {
        var bytes = Bytes(scratch);
        return bytes is [.., (byte)'\n'] ? bytes[..^1] : bytes;
    }

    /// <summary>The whole payload as one span.</summary>
    /// <param name="scratch">Where the bytes are copied when they lie in several segments.</param>
    /// <returns>The payload, in the reader's buffer or in <paramref name="scratch"/>.</returns>
    public ReadOnlySpan<byte> Bytes(Span<byte> scratch)
    {
        if (Payload.IsSingleSegment)
        {
            return Payload.FirstSpan;
        }

        Payload.CopyTo(scratch);
        return scratch[..(int)Payload.Length];
    }
}
