using System.Buffers;
using System.Text;

namespace Portcullis.Git.PktLines;

/// <summary>Wraps data in side-band packets, as many as it takes (<c>send_sideband</c> in sideband.c).</summary>
public static class SidebandWriter
{
    /// <summary>Most data bytes in one packet with <c>side-band-64k</c>.</summary>
    public const int LargeDataLength = PktLine.MaxLength - HeaderLength;

    /// <summary>Most data bytes in one packet with the old <c>side-band</c>.</summary>
    public const int SmallDataLength = 1000 - HeaderLength;

    /// <summary>Length of what stands before the data of a packet: that of a pkt-line, and the channel.</summary>
    public const int HeaderLength = PktLine.HeaderLength + 1;

    /// <summary>Writes what stands before the data of a packet.</summary>
    /// <param name="packet">The packet; the data follows behind what is written.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="dataLength">How much data follows, from 1 to <see cref="LargeDataLength"/> bytes.</param>
    /// <returns><see cref="HeaderLength"/>.</returns>
    public static int WriteSidebandHeader(Span<byte> packet, SidebandChannel channel, int dataLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dataLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataLength, LargeDataLength);
        PktLineWriter.WriteHeader(packet, HeaderLength + dataLength);
        packet[PktLine.HeaderLength] = (byte)channel;
        return HeaderLength;
    }

    /// <summary>Writes data on a channel. Nothing is written for no data.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="data">Any length; split where packets end.</param>
    /// <param name="maxDataLength"><see cref="LargeDataLength"/> (default) or <see cref="SmallDataLength"/>.</param>
    public static void WriteSideband(
        this IBufferWriter<byte> output, SidebandChannel channel, ReadOnlySpan<byte> data, int maxDataLength = LargeDataLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxDataLength, LargeDataLength);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxDataLength);
        while (!data.IsEmpty)
        {
            var part = data[..Math.Min(data.Length, maxDataLength)];
            var span = output.GetSpan(HeaderLength + part.Length);
            part.CopyTo(span[WriteSidebandHeader(span, channel, part.Length)..]);
            output.Advance(HeaderLength + part.Length);
            data = data[part.Length..];
        }
    }

    /// <summary>Writes text on a channel as UTF-8; for several lines of progress, end each with a newline.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="text">Any length.</param>
    /// <param name="maxDataLength"><see cref="LargeDataLength"/> (default) or <see cref="SmallDataLength"/>.</param>
    public static void WriteSideband(this IBufferWriter<byte> output, SidebandChannel channel, string text, int maxDataLength = LargeDataLength) =>
        output.WriteSideband(channel, Encoding.UTF8.GetBytes(text), maxDataLength);
}
