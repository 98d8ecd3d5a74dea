using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;

namespace Portcullis.Gateway.Requests;

/// <summary>A request's body, inflated where it came compressed.</summary>
internal sealed class GitRequestBody : IAsyncDisposable
{
    private const int InflatedBufferBytes = 64 * 1024;

    private readonly CountingPipeReader? received;
    private readonly PipeReader? inflated;

    private GitRequestBody(CountingPipeReader? received, PipeReader? inflated, long? length)
    {
        Length = length;
        Reader = inflated ?? received ?? PipeReader.Create(ReadOnlySequence<byte>.Empty);
        this.received = received;
        this.inflated = inflated;
    }

    /// <summary>The body's bytes as the client meant them.</summary>
    public PipeReader Reader { get; }

    /// <summary>The whole length of what <see cref="Reader"/> gives, where the client said it: null for a body in chunks or compressed.</summary>
    public long? Length { get; }

    /// <summary>How many bytes were received so far, before inflation.</summary>
    public long BytesReceived => received?.Count ?? 0;

    /// <summary>The body of a request that has none.</summary>
    public static GitRequestBody Empty() => new(null, null, 0);

    /// <summary>Wraps a request's body.</summary>
    /// <param name="body">The bytes as they arrive; they are read from the server's own buffers. Not completed here: what is left of them is the server's.</param>
    /// <param name="compressed">Whether they are compressed with gzip.</param>
    /// <param name="length">Their number, where the client said it.</param>
    /// <remarks>
    /// What a compressed body inflates to is bounded by whoever reads it, as for any other body: nothing is inflated
    /// before it is asked for.
    /// </remarks>
    public static GitRequestBody Create(PipeReader body, bool compressed, long? length = null)
    {
        var received = new CountingPipeReader(body);
        return compressed ? new GitRequestBody(received, Inflate(received), length: null) : new GitRequestBody(received, inflated: null, length);
    }

    /// <summary>Leaves what was not consumed to whoever reads the request's body next: to be called when nobody reads <see cref="Reader"/> any more.</summary>
    public void Release() => received?.Release();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (inflated is not null)
        {
            await inflated.CompleteAsync();
        }

        Release();
    }

    private static PipeReader Inflate(CountingPipeReader received) => PipeReader.Create(
        new GZipStream(received.AsStream(leaveOpen: true), CompressionMode.Decompress),
        new StreamPipeReaderOptions(bufferSize: InflatedBufferBytes, minimumReadSize: 4 * 1024));
}
