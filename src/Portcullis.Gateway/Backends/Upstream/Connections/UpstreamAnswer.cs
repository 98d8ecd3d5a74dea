using System.Buffers;
using System.IO.Pipelines;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Gateway.Requests;
using Portcullis.Git.PktLines;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>An upstream's answer that is what it should be, as far as its head tells. Of its headers none goes further.</summary>
internal sealed class UpstreamAnswer : IDisposable
{
    private const int CopyBufferSize = 256 * 1024;
    private const int EnoughBytes = 64 * 1024;

    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(1);

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
        new(message, await message.Content.ReadAsStreamAsync(patience.Token), Stopped(patience), idleLimit);

    /// <summary>The body as a pipe, for what must be understood.</summary>
    public PipeReader ToPipe() => PipeReader.Create(new WatchedStream(this), new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 4 * 1024));

    /// <summary>Reads the body to its end.</summary>
    /// <param name="maxBytes">How long it may be.</param>
    /// <param name="share">What it counts against; null for what is small.</param>
    /// <exception cref="UpstreamException">It broke off, is larger than allowed, or there is no room for it.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadToEndAsync(int maxBytes, ListingBudget.Share? share = null)
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

            share?.Take(bytes.Capacity);
        }

        return bytes.WrittenMemory;
    }

    /// <summary>Streams the body to the client untouched, once its first pkt-line shows that it is one.</summary>
    /// <exception cref="UpstreamException">It broke off, or does not begin with a pkt-line.</exception>
    public async Task CopyToAsync(GitResponse response, string contentType)
    {
        // What comes in small pieces, one soon after the other, is sent in large ones; and while the client takes one, the next is read.
        var buffer = ArrayPool<byte>.Shared.Rent(CopyBufferSize);
        var sending = Task.CompletedTask;
        var (start, end) = (0, 0);
        var come = 0L;
        while (true)
        {
            if (end == buffer.Length)
            {
                sending = await SendAsync(response, buffer.AsMemory(start, end - start), sending);
                (start, end) = (0, 0);
            }

            var reading = Begin(buffer.AsMemory(end));
            if (!reading.IsCompletedSuccessfully && end > start && response.HasStarted)
            {
                var next = reading.AsTask();
                reading = new ValueTask<int>(next);
                if (end - start >= EnoughBytes || IsGathered(come) || !await ComesSoonAsync(next))
                {
                    sending = await SendAsync(response, buffer.AsMemory(start, end - start), sending);
                    start = end;
                }
            }

            var read = await WaitAsync(reading);
            end += read;
            come += read;
            if (!response.HasStarted && (read == 0 || end >= PktLine.HeaderLength))
            {
                if (end > 0 && !BeginsPktLine(buffer.AsSpan(0, end)))
                {
                    throw new UpstreamException(UpstreamFailure.Malformed, "The answer does not begin with a pkt-line.");
                }

                response.Start(contentType);
            }

            if (read == 0)
            {
                // The end is sent once it is recorded, as that of every answer.
                await sending;
                response.Write(buffer.AsSpan(start, end - start));
                ArrayPool<byte>.Shared.Return(buffer);
                return;
            }
        }
    }

    /// <summary>Reads some of the body; 0 at its end.</summary>
    /// <exception cref="UpstreamException">It broke off.</exception>
    public ValueTask<int> ReadAsync(Memory<byte> buffer) => WaitAsync(Begin(buffer));

    // The connection itself waits for much, where the system can: to wait once more costs a timer, and several threads' waking up. Frames of HTTP/2 come by the 16 KiB, whatever was read at once.
    private bool IsGathered(long come) => OperatingSystem.IsLinux() && message.Version.Major == 1 && come >= CoalescingStream.LongBytes;

    // Servers that run a CGI program send what it writes, by the few KiB. To send each of these on costs more than all the rest.
    private static async ValueTask<bool> ComesSoonAsync(Task<int> next)
    {
        await Task.WhenAny(next, Task.Delay(s_moment, CancellationToken.None));
        return next.IsCompleted;
    }

    // Begins to send, once what was sent before is gone. What is written is the server's: the buffer is free at once.
    private async ValueTask<Task> SendAsync(GitResponse response, ReadOnlyMemory<byte> bytes, Task before)
    {
        await before;
        response.Write(bytes.Span);
        return response.FlushAsync(patience.Token).AsTask();
    }

    // The stream of a body in chunks throws at once, and not when its task is awaited, if what it has buffered is malformed.
    private ValueTask<int> Begin(Memory<byte> buffer)
    {
        try
        {
            return body.ReadAsync(buffer, patience.Token);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            return ValueTask.FromException<int>(exception);
        }
    }

    private async ValueTask<int> WaitAsync(ValueTask<int> reading)
    {
        if (reading.IsCompletedSuccessfully)
        {
            return reading.Result;
        }

        patience.Start(idleLimit);
        try
        {
            var read = await reading;
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

    // The clock ran until the answer began; from now on it runs for each wait of its own.
    private static Patience Stopped(Patience patience)
    {
        patience.Stop();
        return patience;
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
