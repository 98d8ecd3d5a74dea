using System.Buffers;
using Portcullis.Audit;
using Portcullis.Gateway.Backends.PackCache;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Git.PktLines;

namespace Portcullis.Gateway.Backends.Upstream.Fetches;

/// <summary>Copies an upstream's answer to where it is kept, line by line: only one that is whole and without an error may be sent again.</summary>
internal static class AnswerCopy
{
    private const int PartSize = 256 * 1024;

    /// <summary>Copies to the end.</summary>
    /// <exception cref="UpstreamException">The answer broke off, or is no sequence of pkt-lines.</exception>
    public static async Task<BackendOutcome> RunAsync(UpstreamAnswer answer, StoredAnswer kept)
    {
        var lines = new PktLineStream(answer.ToPipe());
        var part = new ArrayBufferWriter<byte>(PartSize + PktLine.MaxLength);
        var last = PktLineKind.Data;
        var hasError = false;
        try
        {
            while (await lines.ReadAsync(kept.Abandoned) is { } line)
            {
                last = line.Kind;
                hasError |= IsError(line);
                Write(part, line);
                if (part.WrittenCount >= PartSize)
                {
                    await kept.AppendAsync(part.WrittenMemory, kept.Abandoned);
                    part.ResetWrittenCount();
                }
            }
        }
        catch (PktLineException exception)
        {
            throw new UpstreamException(
                exception.Error == PktLineError.CutShort ? UpstreamFailure.CutShort : UpstreamFailure.Malformed, exception.Message, exception);
        }

        if (last != PktLineKind.Flush)
        {
            throw new UpstreamException(UpstreamFailure.CutShort, "The answer to a fetch ended before its last flush.");
        }

        await kept.AppendAsync(part.WrittenMemory, kept.Abandoned);
        return hasError ? new BackendOutcome { Outcome = AuditOutcome.Failed, Code = "upstream_reported_error" } : BackendOutcome.Served;
    }

    // An ERR line, or the error channel of a sideband (gitprotocol-pack, "Packfile Data"): the client is told, and nobody after it.
    private static bool IsError(PktLine line)
    {
        Span<byte> start = stackalloc byte[4];
        var length = (int)Math.Min(line.Payload.Length, start.Length);
        line.Payload.Slice(0, length).CopyTo(start);
        return length > 0 && (start[0] == (byte)SidebandChannel.Error || start[..length].SequenceEqual("ERR "u8));
    }

    private static void Write(ArrayBufferWriter<byte> part, PktLine line)
    {
        switch (line.Kind)
        {
            case PktLineKind.Data:
                part.WriteData(line.Payload.IsSingleSegment ? line.Payload.FirstSpan : line.Payload.ToArray());
                break;
            case PktLineKind.Flush:
                part.WriteFlush();
                break;
            case PktLineKind.Delim:
                part.WriteDelim();
                break;
            default:
                part.WriteResponseEnd();
                break;
        }
    }
}
