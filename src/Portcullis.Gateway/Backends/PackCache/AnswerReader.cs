using Portcullis.Gateway.Requests;

namespace Portcullis.Gateway.Backends.PackCache;

/// <summary>One caller's place in an answer. Only who was authorized gets one.</summary>
internal sealed class AnswerReader(StoredAnswer answer) : IDisposable
{
    private const int CopyBufferSize = 256 * 1024;

    private long position;

    /// <summary>How far the answer was sent.</summary>
    public long Position => Volatile.Read(ref position);

    /// <summary>Sends the answer, as far as it is there and as it comes.</summary>
    /// <param name="response">Where to.</param>
    /// <param name="contentType">The content type that it has.</param>
    /// <param name="cancellationToken">Ends the sending; others who read the same go on.</param>
    /// <returns>How the making of the answer ended.</returns>
    public async Task<BackendOutcome> SendAsync(GitResponse response, string contentType, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (length, outcome) = await answer.WaitAsync(position, cancellationToken);
            if (!response.HasStarted && (length > 0 || outcome == BackendOutcome.Served))
            {
                response.Start(contentType);
            }

            while (position < length)
            {
                var memory = response.GetMemory((int)Math.Min(CopyBufferSize, length - position));
                var count = answer.Read(memory.Span[..(int)Math.Min(memory.Length, length - position)], position);
                response.Advance(count);
                Volatile.Write(ref position, position + count);
                answer.Advanced();

                // The last piece is sent once the record is written, as the end of every answer.
                if (outcome is null || position < length)
                {
                    await response.FlushAsync(cancellationToken);
                }
            }

            if (outcome is not null)
            {
                return outcome;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => answer.Remove(this);
}
