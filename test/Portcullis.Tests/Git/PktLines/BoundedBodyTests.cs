using System.IO.Pipelines;
using Portcullis.Git.PktLines;

namespace Portcullis.Tests.Git.PktLines;

public class BoundedBodyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    [InlineData(100_000)]
    public async Task A_body_is_read_whole_in_whatever_pieces_it_comes(int length)
    {
        var body = new byte[length];
        new Random(1).NextBytes(body);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var reading = BoundedBody.ReadAsync(pipe.Reader, length, TestContext.Current.CancellationToken);
        foreach (var piece in body.Chunk(997))
        {
            await pipe.Writer.WriteAsync(piece, TestContext.Current.CancellationToken);
        }

        await pipe.Writer.CompleteAsync();
        Assert.Equal(body, (await reading).ToArray());
    }

    [Fact]
    public async Task A_body_beyond_the_bound_is_refused_before_it_ends()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Writer.WriteAsync(new byte[101], TestContext.Current.CancellationToken);
        var exception = await Assert.ThrowsAsync<PktLineException>(async () => await BoundedBody.ReadAsync(pipe.Reader, 100, TestContext.Current.CancellationToken));
        Assert.Equal(PktLineError.TooLong, exception.Error);
    }

    [Fact]
    public async Task A_peer_that_leaves_ends_the_reading()
    {
        var pipe = new Pipe();
        await pipe.Writer.CompleteAsync(new IOException("gone"));
        await Assert.ThrowsAsync<IOException>(async () => await BoundedBody.ReadAsync(pipe.Reader, 100, TestContext.Current.CancellationToken));
    }
}
