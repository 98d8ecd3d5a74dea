using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Portcullis.Gateway.Requests;

namespace Portcullis.Tests.Gateway.Requests;

/// <summary>Answers of known bytes, as lists of refs are: sent from where they are kept, at the client's pace.</summary>
public sealed class GitResponseTests
{
    private const int SendBytes = 64 * 1024;

    private readonly RecordedBody _body = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(SendBytes)]
    [InlineData(SendBytes + 1)]
    [InlineData(1_000_000)]
    public async Task Sends_known_bytes_in_parts_and_keeps_the_last_until_it_is_recorded(int length)
    {
        var response = Response();
        var answer = new PieceBuffer();
        var expected = new byte[length];
        new Random(length).NextBytes(expected);
        Fill(answer, expected);

        await response.SendAsync("application/x-test", answer, Token);

        Assert.True(_body.MostUnsent <= SendBytes, $"{_body.MostUnsent} bytes lay in a buffer.");
        Assert.Equal(length == 0, _body.Unsent == 0);
        Assert.Equal(length, response.BytesSent);
        Assert.Equal(length, _body.Context.Response.ContentLength);
        await response.FlushAsync(Token);
        Assert.Equal(expected, _body.Sent.ToArray());
    }

    [Fact]
    public async Task Sends_no_more_once_the_client_is_gone()
    {
        var response = Response();
        var answer = new PieceBuffer();
        answer.Append(new byte[10 * SendBytes]);
        _body.IsGone = true;

        await Assert.ThrowsAsync<OperationCanceledException>(async () => await response.SendAsync("application/x-test", answer, Token));

        Assert.Equal(SendBytes, response.BytesSent);
    }

    private GitResponse Response()
    {
        _body.Context.Features.Set<IHttpResponseBodyFeature>(_body);
        return new GitResponse(_body.Context);
    }

    // Long runs and short ones in turn, as between two lines that are written anew.
    private static void Fill(PieceBuffer answer, ReadOnlyMemory<byte> bytes)
    {
        foreach (var run in (int[])[10, 5000, 100, 70_000, 1023, 1024, 300_000])
        {
            var next = bytes[..Math.Min(run, bytes.Length)];
            answer.Append(next);
            bytes = bytes[next.Length..];
        }

        answer.Append(bytes);
    }

    private sealed class RecordedBody : PipeWriter, IHttpResponseBodyFeature
    {
        private byte[] _buffer = new byte[4096];

        public DefaultHttpContext Context { get; } = new();

        public MemoryStream Sent { get; } = new();

        public int Unsent { get; private set; }

        public int MostUnsent { get; private set; }

        public bool IsGone { get; set; }

        Stream IHttpResponseBodyFeature.Stream => throw new NotSupportedException();

        PipeWriter IHttpResponseBodyFeature.Writer => this;

        public override void Advance(int bytes)
        {
            Unsent += bytes;
            MostUnsent = Math.Max(MostUnsent, Unsent);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (_buffer.Length - Unsent < Math.Max(sizeHint, 1))
            {
                Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Unsent + sizeHint));
            }

            return _buffer.AsMemory(Unsent);
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Sent.Write(_buffer, 0, Unsent);
            Unsent = 0;
            return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: IsGone));
        }

        public override void CancelPendingFlush() => throw new NotSupportedException();

        public override void Complete(Exception? exception = null) => throw new NotSupportedException();

        void IHttpResponseBodyFeature.DisableBuffering() => throw new NotSupportedException();

        Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        Task IHttpResponseBodyFeature.SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken) => throw new NotSupportedException();

        Task IHttpResponseBodyFeature.CompleteAsync() => throw new NotSupportedException();
    }
}
