using System.Buffers;

namespace Portcullis.Git.PktLines;

/// <summary>
/// Reads pkt-lines strictly: exactly four hexadecimal digits, never a sign, space or prefix; two readers that differ here are a way around every check.
/// </summary>
public static class PktLineReader
{
    /// <summary>Takes one line from the front of the buffer.</summary>
    /// <param name="buffer">What was received; moved behind the line when there is one, untouched otherwise.</param>
    /// <param name="line">The line; its payload is a part of the buffer.</param>
    /// <returns>False when the buffer doesn't hold a whole line yet.</returns>
    /// <exception cref="PktLineException">The length isn't one.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, out PktLine line)
    {
        line = default;
        if (buffer.Length < PktLine.HeaderLength)
        {
            return false;
        }

        var length = buffer.FirstSpan.Length >= PktLine.HeaderLength ? ReadLength(buffer.FirstSpan) : ReadSplitLength(buffer);
        if (length < PktLine.HeaderLength)
        {
            line = new((PktLineKind)(length + 1), default);
            buffer = buffer.Slice(PktLine.HeaderLength);
            return true;
        }

        if (buffer.Length < length)
        {
            return false;
        }

        line = new(PktLineKind.Data, buffer.Slice(PktLine.HeaderLength, length - PktLine.HeaderLength));
        buffer = buffer.Slice(length);
        return true;
    }

    /// <summary>Takes one line from the front of a span: the cheap way when a whole message is at hand.</summary>
    /// <param name="buffer">What was received; moved behind the line when there is one, untouched otherwise.</param>
    /// <param name="kind">What the line is.</param>
    /// <param name="payload">The payload, a part of the buffer.</param>
    /// <returns>False when the buffer doesn't hold a whole line.</returns>
    /// <exception cref="PktLineException">The length isn't one.</exception>
    public static bool TryRead(ref ReadOnlySpan<byte> buffer, out PktLineKind kind, out ReadOnlySpan<byte> payload)
    {
        kind = default;
        payload = default;
        if (buffer.Length < PktLine.HeaderLength)
        {
            return false;
        }

        var length = ReadLength(buffer);
        if (length < PktLine.HeaderLength)
        {
            kind = (PktLineKind)(length + 1);
            buffer = buffer[PktLine.HeaderLength..];
            return true;
        }

        if (buffer.Length < length)
        {
            return false;
        }

        payload = buffer[PktLine.HeaderLength..length];
        buffer = buffer[length..];
        return true;
    }

    private static int ReadSplitLength(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> header = stackalloc byte[PktLine.HeaderLength];
        buffer.Slice(0, PktLine.HeaderLength).CopyTo(header);
        return ReadLength(header);
    }

    // A length of 0, 1 or 2 is the value of the PktLineKind minus one.
    private static int ReadLength(ReadOnlySpan<byte> header)
    {
        var length = 0;
        for (var i = 0; i < PktLine.HeaderLength; i++)
        {
            var digit = HexDigit(header[i]);
            if (digit < 0)
            {
                throw new PktLineException(PktLineError.NotHexadecimal, "A pkt-line does not start with four hexadecimal digits.");
            }

            length = (length << 4) | digit;
        }

        return length is 3 or > PktLine.MaxLength
            ? throw new PktLineException(PktLineError.BadLength, "The length of a pkt-line is 3 or more than 65520.")
            : length;
    }

    private static int HexDigit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };
}
