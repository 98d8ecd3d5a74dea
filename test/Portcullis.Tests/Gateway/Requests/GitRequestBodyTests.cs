using System.IO.Compression;
using System.IO.Pipelines;
using Portcullis.Gateway.Requests;

namespace Portcullis.Tests.Gateway.Requests;

public sealed class GitRequestBodyTests
{
    private readonly Pipe _wire = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Counts_what_was_seen_once_however_often_it_is_looked_at()
    {
        await using var body = GitRequestBody.Create(_wire.Reader, compressed: false, length: 8);
        await _wire.Writer.WriteAsync("0000PACK"u8.ToArray(), Token);
        var first = await body.Reader.ReadAsync(Token);
        body.Reader.AdvanceTo(first.Buffer.Start);
        Assert.Equal(8, body.BytesReceived);

        var again = await body.Reader.ReadAsync(Token);
        body.Reader.AdvanceTo(again.Buffer.GetPosition(4));
        await _wire.Writer.WriteAsync("more"u8.ToArray(), Token);
        var rest = await body.Reader.ReadAsync(Token);
        Assert.Equal(8, rest.Buffer.Length);
        body.Reader.AdvanceTo(rest.Buffer.End);

        Assert.Equal(12, body.BytesReceived);
        Assert.Equal(8, body.Length);
    }

    [Fact]
    public async Task Counts_a_compressed_body_as_it_came_and_gives_it_inflated()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[100_000], Token);
        }

        await using var body = GitRequestBody.Create(_wire.Reader, compressed: true, packed.Length);
        await _wire.Writer.WriteAsync(packed.ToArray(), Token);
        await _wire.Writer.CompleteAsync();
        var inflated = await BodyReader.ReadAsync(body.Reader, 200_000, Token);

        Assert.Equal(100_000, inflated!.Value.Length);
        Assert.Equal(packed.Length, body.BytesReceived);
        Assert.Null(body.Length);
    }

    [Fact]
    public async Task A_buffer_that_nobody_advanced_past_is_left_to_the_server()
    {
        await using var body = GitRequestBody.Create(_wire.Reader, compressed: false);
        await _wire.Writer.WriteAsync("rest"u8.ToArray(), Token);
        await body.Reader.ReadAsync(Token);

        body.Release();

        var rest = await _wire.Reader.ReadAsync(Token);
        Assert.Equal(4, rest.Buffer.Length);
        _wire.Reader.AdvanceTo(rest.Buffer.End);
    }
}
