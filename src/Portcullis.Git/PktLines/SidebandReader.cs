using System.Buffers;

namespace Portcullis.Git.PktLines;

/// <summary>Takes side-band packets apart (<c>demultiplex_sideband</c> in sideband.c).</summary>
public static class SidebandReader
{
    /// <summary>Reads the channel and the data of a packet.</summary>
    /// <param name="line">A line of a response that uses side-bands.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="data">The data, a part of the line's payload; empty in git's keep-alive packets.</param>
    /// <returns>False for a line that isn't data: the flush at the end.</returns>
    /// <exception cref="PktLineException">The line has no channel or an unknown one.</exception>
    public static bool TryRead(in PktLine line, out SidebandChannel channel, out ReadOnlySequence<byte> data)
    {
        channel = default;
        data = default;
        if (line.Kind != PktLineKind.Data)
        {
            return false;
        }

        if (line.Payload.IsEmpty || Band(line) is not (1 or 2 or 3))
        {
            throw PktLineException.Unexpected("A side-band packet does not start with 1, 2 or 3.");
        }

        channel = (SidebandChannel)Band(line);
        data = line.Payload.Slice(1);
        return true;
    }

    // The first segment of a sequence may be empty.
    private static byte Band(in PktLine line) => line.Payload.FirstSpan is [var band, ..] ? band : line.Payload.Slice(0, 1).ToArray()[0];
}
