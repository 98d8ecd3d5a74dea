using System.Buffers;
using System.IO.Pipelines;

namespace Portcullis.Gateway.Requests;

/// <summary>Reads a body that must be understood as a whole, up to a bound.</summary>
internal static class BodyReader
{
    /// <summary>Reads to the end. Null when the body is longer than allowed.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(PipeReader body, int maxBytes, CancellationToken cancellationToken)
    {
        var bytes = new ArrayBufferWriter<byte>(4096);
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            if (bytes.WrittenCount + result.Buffer.Length > maxBytes)
            {
                body.AdvanceTo(result.Buffer.Start);
                return null;
            }

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
