using System.IO.Compression;
using System.IO.Pipelines;

namespace Portcullis.Gateway.Requests;

/// <summary>A request's body, inflated where it came compressed.</summary>
internal sealed class GitRequestBody : IAsyncDisposable
{
    private readonly CountingStream? counting;
    private readonly PipeReader? inflated;

    private GitRequestBody(PipeReader reader, CountingStream? counting, PipeReader? inflated, long? length)
    {
        Reader = reader;
        Length = length;
        this.counting = counting;
        this.inflated = inflated;
    }

    /// <summary>The body's bytes as the client meant them.</summary>
    public PipeReader Reader { get; }

    /// <summary>The whole length of what <see cref="Reader"/> gives, where the client said it: null for a body in chunks or compressed.</summary>
    public long? Length { get; }

    /// <summary>How many bytes were received so far, before inflation.</summary>
    public long BytesReceived => counting?.Count ?? 0;

    /// <summary>The body of a request that has none.</summary>
    public static GitRequestBody Empty() => new(PipeReader.Create(Stream.Null), null, null, 0);

    /// <summary>Wraps a request's body.</summary>
    /// <param name="body">The bytes as they arrive.</param>
    /// <param name="compressed">Whether they are compressed with gzip.</param>
    /// <param name="length">Their number, where the client said it.</param>
    /// <remarks>
    /// What a compressed body inflates to is bounded by whoever reads it, as for any other body: nothing is inflated
    /// before it is asked for.
    /// </remarks>
    public static GitRequestBody Create(Stream body, bool compressed, long? length = null)
    {
        var counting = new CountingStream(body);
        var source = compressed ? new GZipStream(counting, CompressionMode.Decompress) : (Stream)counting;
        var reader = PipeReader.Create(source, new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 4 * 1024));
        return new GitRequestBody(reader, counting, reader, compressed ? null : length);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (inflated is not null)
        {
            await inflated.CompleteAsync();
        }
    }
}
