using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>A request's body on its way to an upstream: what was read and judged already, then the rest as it comes from the client, byte for byte.</summary>
internal sealed class ForwardedBody : HttpContent
{
    private readonly ReadOnlyMemory<byte> head;
    private readonly PipeReader? rest;
    private readonly long? length;
    private readonly long maxBytes;
    private readonly Patience patience;
    private readonly TimeSpan idleLimit;
    private readonly TimeSpan answerLimit;
    private Exception? sourceFailure;

    /// <summary>Makes a body.</summary>
    /// <param name="head">Its first bytes.</param>
    /// <param name="rest">What follows; null for nothing.</param>
    /// <param name="length">The whole length, where it is known.</param>
    /// <param name="maxBytes">How much may follow.</param>
    /// <param name="contentType">Its media type.</param>
    /// <param name="patience">The clock of the exchange.</param>
    /// <param name="definition">The limits.</param>
    public ForwardedBody(
        ReadOnlyMemory<byte> head, PipeReader? rest, long? length, long maxBytes, string contentType, Patience patience, UpstreamDefinition definition)
    {
        this.head = head;
        this.rest = rest;
        this.length = rest is null ? head.Length : length;
        this.maxBytes = maxBytes;
        this.patience = patience;
        idleLimit = definition.IdleTimeout;
        answerLimit = definition.AnswerTimeout;
        Headers.ContentType = new MediaTypeHeaderValue(contentType);
    }

    /// <summary>Whether any of it was sent, so that the request can't be tried again.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Whether the request can be made once more with it: nothing of it is gone, or all of it is at hand.</summary>
    public bool CanBeSentAgain => !IsStarted || rest is null;

    /// <summary>Whether the body was larger than allowed.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Throws what went wrong with the client, and not with the upstream.</summary>
    public void ThrowIfSourceFailed()
    {
        if (sourceFailure is not null)
        {
            ExceptionDispatchInfo.Throw(sourceFailure);
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        IsStarted = true;
        await SendAsync(stream, head, cancellationToken);
        long sent = 0;
        var isCompleted = rest is null;
        while (!isCompleted)
        {
            var result = await ReadAsync(cancellationToken);
            sent += result.Buffer.Length;
            if (sent > maxBytes)
            {
                IsTooLarge = true;
                throw new IOException("The body is larger than allowed.");
            }

            foreach (var part in result.Buffer)
            {
                await SendAsync(stream, part, cancellationToken);
            }

            rest!.AdvanceTo(result.Buffer.End);
            isCompleted = result.IsCompleted;
        }

        patience.Start(idleLimit);
        await stream.FlushAsync(cancellationToken);
        patience.Start(answerLimit);
    }

    private async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        if (rest!.TryRead(out var result))
        {
            return result;
        }

        patience.Stop();
        try
        {
            return await rest.ReadAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            sourceFailure = exception;
            throw;
        }
    }

    private async ValueTask SendAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        patience.Start(idleLimit);
        await stream.WriteAsync(bytes, cancellationToken);
    }
}
