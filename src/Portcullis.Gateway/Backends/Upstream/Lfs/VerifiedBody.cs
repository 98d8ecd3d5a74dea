using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Upstream.Lfs;

/// <summary>
/// An object on its way from the client to the upstream. It is hashed as it passes, and its last bytes are held back until the hash is known: what is not the object that
/// its name says never arrives whole, and the upstream can't take it for one.
/// </summary>
internal sealed class VerifiedBody : HttpContent
{
    private readonly PipeReader source;
    private readonly LfsObject expected;
    private readonly Patience patience;
    private readonly UpstreamDefinition definition;

    /// <summary>Makes a body.</summary>
    /// <param name="source">What the client sends.</param>
    /// <param name="expected">What it announced.</param>
    /// <param name="patience">The clock of the exchange: it runs while it is the upstream who is waited for.</param>
    /// <param name="definition">How long that may be.</param>
    public VerifiedBody(PipeReader source, LfsObject expected, Patience patience, UpstreamDefinition definition)
    {
        this.source = source;
        this.expected = expected;
        this.patience = patience;
        this.definition = definition;
        Headers.ContentLength = expected.Size;
    }

    /// <summary>Whether what came is not what was announced.</summary>
    public bool IsWrong { get; private set; }

    /// <summary>Reads a body to its end without sending it anywhere. False when it is not what was announced.</summary>
    public async Task<bool> IsAsAnnouncedAsync()
    {
        await CopyAsync(Stream.Null);
        return !IsWrong;
    }

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await CopyAsync(stream);
        if (IsWrong)
        {
            throw new IOException("What was sent is not the object that was announced.");
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = expected.Size;
        return true;
    }

    private async Task CopyAsync(Stream destination)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var held = Array.Empty<byte>();
        long length = 0;
        while (true)
        {
            var result = await source.ReadAsync(patience.Token);
            foreach (var part in result.Buffer)
            {
                if ((length += part.Length) > expected.Size)
                {
                    IsWrong = true;
                    return;
                }

                hash.AppendData(part.Span);
                if (!part.IsEmpty)
                {
                    await WriteAsync(destination, held);
                    held = part.ToArray();
                }
            }

            source.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                break;
            }
        }

        IsWrong = length != expected.Size || LfsObjectId.OfHash(hash.GetHashAndReset()) != expected.Id;
        if (!IsWrong)
        {
            await WriteAsync(destination, held);

            // All of it is there: now it is to answer.
            patience.Start(definition.AnswerTimeout);
        }
    }

    private async Task WriteAsync(Stream destination, byte[] bytes)
    {
        patience.Start(definition.IdleTimeout);
        await destination.WriteAsync(bytes, patience.Token);
        patience.Stop();
    }
}
