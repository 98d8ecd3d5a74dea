using System.Buffers;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Git.PktLines;

namespace Portcullis.Gateway.Backends.Upstream.Mirrors;

/// <summary>Takes the pack out of an upstream's answer to a fetch.</summary>
internal static class MirrorAnswer
{
    /// <summary>Gives the pack, part by part, to <paramref name="sink"/>.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="isVersion2">Whether it is one of protocol version 2, in sections.</param>
    /// <param name="sink">Takes the parts.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UpstreamException">There is no whole pack in it.</exception>
    public static async Task CopyPackAsync(
        UpstreamAnswer answer, bool isVersion2, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        try
        {
            if (await CopyAsync(new PktLineStream(answer.ToPipe()), isVersion2, sink, cancellationToken))
            {
                return;
            }
        }
        catch (PktLineException exception)
        {
            throw new UpstreamException(
                exception.Error == PktLineError.CutShort ? UpstreamFailure.CutShort : UpstreamFailure.Malformed, exception.Message, exception);
        }

        throw new UpstreamException(UpstreamFailure.CutShort, "The answer to a fetch ended before its pack did.");
    }

    private static async Task<bool> CopyAsync(
        PktLineStream lines, bool isVersion2, Func<ReadOnlyMemory<byte>, ValueTask> sink, CancellationToken cancellationToken)
    {
        // Version 2 names its sections. In version 0 the answer to `done`, an ACK or NAK, stands before the pack, which begins with a sideband's channel.
        var isPack = false;
        while (await lines.ReadAsync(cancellationToken) is { } line)
        {
            if (isPack && line.Kind == PktLineKind.Flush)
            {
                return true;
            }

            if (line.Kind == PktLineKind.Data)
            {
                if (!isPack && StartsWith(line, "ERR "u8))
                {
                    throw new UpstreamException(UpstreamFailure.Malformed, "It refused a fetch of what it advertised.");
                }

                isPack |= !isVersion2 && (StartsWith(line, [1]) || StartsWith(line, [2]) || StartsWith(line, [3]));
                if (!isPack)
                {
                    isPack = isVersion2 && StartsWith(line, "packfile"u8);
                }
                else if (!SidebandReader.TryRead(line, out var channel, out var data))
                {
                    throw new UpstreamException(UpstreamFailure.Malformed, "A line of the pack is in no sideband.");
                }
                else if (channel == SidebandChannel.Error)
                {
                    throw new UpstreamException(UpstreamFailure.Disconnected, "It reported an error in the middle of a pack.");
                }
                else if (channel == SidebandChannel.Pack)
                {
                    foreach (var part in data)
                    {
                        await sink(part);
                    }
                }
            }
        }

        return false;
    }

    private static bool StartsWith(PktLine line, ReadOnlySpan<byte> text)
    {
        Span<byte> start = stackalloc byte[text.Length];
        if (line.Payload.Length < text.Length)
        {
            return false;
        }

        line.Payload.Slice(0, text.Length).CopyTo(start);
        return start.SequenceEqual(text);
    }
}
