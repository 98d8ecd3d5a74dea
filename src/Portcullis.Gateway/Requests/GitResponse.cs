using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Portcullis.Gateway.Requests;

/// <summary>The answer as a backend sees it: a content type, and bytes that are counted.</summary>
internal sealed class GitResponse(HttpContext context) : IBufferWriter<byte>
{
    private const int SendBytes = 64 * 1024;

    private ReadOnlyMemory<byte> _held;

    /// <summary>Bytes of the body written so far.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Whether anything of the answer can have left already.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>The HTTP status of the answer.</summary>
    public int Status => context.Response.StatusCode;

    /// <summary>Whether the answer was cut, so that the client cannot take it for whole.</summary>
    public bool IsAborted { get; private set; }

    /// <summary>Begins a successful answer.</summary>
    /// <param name="contentType">The content type that the Git service has.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="length">The length of the body, where it is known.</param>
    public void Start(string contentType, int status = StatusCodes.Status200OK, long? length = null)
    {
        HasStarted = true;
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = length;
        var headers = context.Response.Headers;
        headers.CacheControl = "no-cache, max-age=0, must-revalidate";
        headers.Pragma = "no-cache";
        headers.Expires = "Fri, 01 Jan 1980 00:00:00 GMT";
    }

    /// <summary>Gives the whole of a small answer, which is held back until <see cref="FlushAsync"/>: until then it can be withdrawn.</summary>
    public void Hold(int status, string contentType, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            _held = body;
            BytesSent += body.Length;
        }
    }

    /// <summary>Takes back an answer of which nothing can have left.</summary>
    public void Withdraw()
    {
        context.Response.Clear();
        BytesSent -= _held.Length;
        _held = default;
    }

    /// <summary>
    /// Sends a successful answer of known bytes, however many: no more of them lie in buffers of ours than one that is sent, and the last ones stay there until the
    /// answer is recorded.
    /// </summary>
    /// <param name="contentType">The content type that the Git service has.</param>
    /// <param name="answer">The bytes.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    public async ValueTask SendAsync(string contentType, PieceBuffer answer, CancellationToken cancellationToken)
    {
        Start(contentType, length: answer.Length);
        var unsent = 0;
        foreach (var piece in answer.Pieces)
        {
            for (var rest = piece; !rest.IsEmpty;)
            {
                if (unsent == SendBytes)
                {
                    await FlushAsync(cancellationToken);
                    unsent = 0;
                }

                var count = Math.Min(rest.Length, SendBytes - unsent);
                this.Write(rest.Span[..count]);
                rest = rest[count..];
                unsent += count;
            }
        }
    }

    /// <summary>Sets a header of an answer that was started.</summary>
    public void SetHeader(string name, string value) => context.Response.Headers[name] = value;

    /// <inheritdoc/>
    public void Advance(int count)
    {
        context.Response.BodyWriter.Advance(count);
        BytesSent += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) => context.Response.BodyWriter.GetMemory(sizeHint);

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => context.Response.BodyWriter.GetSpan(sizeHint);

    /// <summary>Sends what was written. Waits while the client is slower than we are.</summary>
    /// <exception cref="OperationCanceledException">The client is gone, or the request was ended.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (!_held.IsEmpty)
        {
            context.Response.BodyWriter.Write(_held.Span);
            _held = default;
        }

        var result = await context.Response.BodyWriter.FlushAsync(cancellationToken);
        if (result.IsCanceled || result.IsCompleted)
        {
            throw new OperationCanceledException("The client is gone.");
        }
    }

    /// <summary>Cuts the connection (HTTP/1.1) or stream (HTTP/2): what was sent is not the whole answer.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The context belongs to the server.")]
    public void Abort()
    {
        IsAborted = true;
        context.Abort();
    }
}
