using System.IO.Pipelines;

namespace Portcullis.Git.PktLines;

/// <summary>Reads a request body that has to be judged as a whole, up to a bound.</summary>
public static class BoundedBody
{
    /// <summary>Reads to the end of the body.</summary>
    /// <param name="reader">The body; read to its end, not completed.</param>
    /// <param name="maxBytes">The longest body accepted. Never more than this and one read of the pipe is held.</param>
    /// <param name="cancellationToken">Stops waiting for the peer.</param>
    /// <returns>The body, copied out of the pipe.</returns>
    /// <exception cref="PktLineException">The body is longer.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(PipeReader reader, int maxBytes, CancellationToken cancellationToken = default)
    {
        byte[] body = [];
        var length = 0;
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (buffer.Length > maxBytes - length)
            {
                reader.AdvanceTo(buffer.Start);
                throw PktLineException.TooLong();
            }

            var needed = length + (int)buffer.Length;
            if (needed > body.Length)
            {
                // Exactly what is there when this is all; otherwise room to grow.
                Array.Resize(ref body, result.IsCompleted ? needed : (int)Math.Min(Math.Max(needed, 2L * body.Length), maxBytes));
            }

            foreach (var segment in buffer)
            {
                segment.Span.CopyTo(body.AsSpan(length));
                length += segment.Length;
            }

            reader.AdvanceTo(buffer.End);
            if (result.IsCompleted)
            {
                return body.AsMemory(0, length);
            }

            if (result.IsCanceled)
            {
                throw new OperationCanceledException("The read was cancelled.");
            }
        }
    }
}
