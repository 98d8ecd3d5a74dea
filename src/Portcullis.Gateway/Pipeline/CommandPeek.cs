using System.IO.Pipelines;
using Portcullis.Git.PktLines;

namespace Portcullis.Gateway.Pipeline;

/// <summary>Looks at the first pkt-line of a body and leaves it where it is.</summary>
internal static class CommandPeek
{
    /// <summary>Whether the first line is a given text.</summary>
    public static async ValueTask<bool> IsAsync(PipeReader body, byte[] text, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            if (PktLineReader.TryRead(ref buffer, out var line) || result.IsCompleted)
            {
                if (line.Kind == default && line.Payload.IsEmpty && !result.Buffer.IsEmpty && buffer.Length == result.Buffer.Length)
                {
                    // git takes a body that ends within its first line for an empty one, and answers nothing.
                    throw new PktLineException(PktLineError.CutShort, "The body ends in the middle of a pkt-line.");
                }

                var isText = line.Kind == PktLineKind.Data && IsText(line, text);
                body.AdvanceTo(result.Buffer.Start);
                return isText;
            }

            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>Whether the body is one flush and nothing else.</summary>
    public static async ValueTask<bool> IsEmptyAsync(PipeReader body, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var isLonger = result.Buffer.Length > PktLine.HeaderLength;
            if (isLonger || result.IsCompleted)
            {
                var buffer = result.Buffer;
                var isFlush = !isLonger && PktLineReader.TryRead(ref buffer, out var line) && line.Kind == PktLineKind.Flush && buffer.IsEmpty;
                body.AdvanceTo(result.Buffer.Start);
                return isFlush;
            }

            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static bool IsText(PktLine line, ReadOnlySpan<byte> text)
    {
        Span<byte> scratch = stackalloc byte[64];
        return line.Payload.Length <= scratch.Length && line.Text(scratch).SequenceEqual(text);
    }
}
