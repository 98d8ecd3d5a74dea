using System.Buffers;
using System.IO.Pipelines;
using Portcullis.Gateway.Requests;
using Portcullis.Git.PktLines;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>An upstream's answer that is what it should be, as far as its head tells. Of its headers none goes further.</summary>
internal sealed class UpstreamAnswer : IDisposable
{
    private const int ReadSize = 256 * 1024;

    private readonly HttpResponseMessage message;
    private readonly Patience patience;
    private readonly TimeSpan idleLimit;
    private readonly Stream body;

    private UpstreamAnswer(HttpResponseMessage message, Stream body, Patience patience, TimeSpan idleLimit)
    {
        this.message = message;
        this.body = body;
        this.patience = patience;
        this.idleLimit = idleLimit;
    }

    /// <summary>Takes over a response and the clock of its exchange.</summary>
    public static async ValueTask<UpstreamAnswer> OfAsync(HttpResponseMessage message, Patience patience, TimeSpan idleLimit) =>
        new(message, await message.Content.ReadAsStreamAsync(patience.Token), patience, idleLimit);

    /// <summary>The body as a pipe, for what must be understood.</summary>
    public PipeReader ToPipe() => PipeReader.Create(new WatchedStream(this), new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 4 * 1024));

    /// <summary>Reads the body to its end.</summary>
    /// <exception cref="UpstreamException">It broke off, or is larger than allowed.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadToEndAsync(int maxBytes)
    {
        var bytes = new ArrayBufferWriter<byte>(16 * 1024);
        int read;
        while ((read = await ReadAsync(bytes.GetMemory(16 * 1024))) > 0)
        {
            bytes.Advance(read);
            if (bytes.WrittenCount > maxBytes)
            {
                throw new UpstreamException(UpstreamFailure.Malformed, $"The answer is larger than {maxBytes} bytes.");
            }
        }

        return bytes.WrittenMemory;
    }

    /// <summary>Streams the body to the client untouched, once its first pkt-line shows that it is one.</summary>
    /// <exception cref="UpstreamException">It broke off, or does not begin with a pkt-line.</exception>
    public async Task CopyToAsync(GitResponse response, string contentType)
    {
        var isFirst = true;
        while (true)
        {
            var memory = response.GetMemory(ReadSize);
            var read = await ReadAsync(memory);
            while (isFirst && read is > 0 and < PktLine.HeaderLength)
            {
                var more = await ReadAsync(memory[read..]);
                read += more;
                if (more == 0)
                {
                    break;
                }
            }

            if (isFirst && read > 0 && !BeginsPktLine(memory.Span[..read]))
            {
                throw new UpstreamException(UpstreamFailure.Malformed, "The answer does not begin with a pkt-line.");
            }

            if (isFirst)
            {
                isFirst = false;
                response.Start(contentType);
            }

            if (read == 0)
            {
                return;
            }

            response.Advance(read);
            await response.FlushAsync(patience.Token);
        }
    }

    /// <summary>Reads some of the body; 0 at its end.</summary>
    /// <exception cref="UpstreamException">It broke off.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        patience.Start(idleLimit);
        try
        {
            var read = await body.ReadAsync(buffer, patience.Token);
            patience.Stop();
            return read;
        }
        catch (OperationCanceledException) when (patience.HasRunOut)
        {
            throw new UpstreamException(UpstreamFailure.TimedOut, $"Nothing came for {idleLimit.TotalSeconds:0} seconds in the middle of the answer.");
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new UpstreamException(UpstreamFailure.CutShort, "The connection broke in the middle of the answer.", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        message.Dispose();
        patience.Dispose();
    }

    private static bool BeginsPktLine(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < PktLine.HeaderLength)
        {
            return false;
        }

        try
        {
            PktLineReader.TryRead(ref bytes, out _, out _);
            return true;
        }
        catch (PktLineException)
        {
            return false;
        }
    }

    private sealed class WatchedStream(UpstreamAnswer answer) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => answer.ReadAsync(buffer);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Answers are read asynchronously.");

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
