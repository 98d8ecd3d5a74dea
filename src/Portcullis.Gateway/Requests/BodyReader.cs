using System.Buffers;
using System.IO.Pipelines;

namespace Portcullis.Gateway.Requests;

/// <summary>Reads a body that must be understood as a whole, up to a bound.</summary>
internal static class BodyReader
{
    /// <summary>Takes a body that is no longer than a bound. Null when it is longer: then nothing of it is taken.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> TryTakeAsync(PipeReader body, int maxBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            if (result.Buffer.Length > maxBytes)
            {
                body.AdvanceTo(result.Buffer.Start);
                return null;
            }

            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                body.AdvanceTo(result.Buffer.End);
                return bytes;
            }

            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>Reads to the end. Null when the body is longer than allowed.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(PipeReader body, int maxBytes, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte>? bytes = null;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            if ((bytes?.WrittenCount ?? 0) + result.Buffer.Length > maxBytes)
            {
                body.AdvanceTo(result.Buffer.Start);
                return null;
            }

            // Most bodies are short and come at once: no more room than for what came.
            bytes ??= new ArrayBufferWriter<byte>((int)Math.Max(result.Buffer.Length, 256));
            foreach (var part in result.Buffer)
            {
                bytes.Write(part.Span);
            }

            body.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return bytes.WrittenMemory;
            }
        }
    }
}
