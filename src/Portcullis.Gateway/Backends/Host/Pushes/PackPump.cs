using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>Streams a pack from the client to git, byte for byte, looking only at its header.</summary>
/// <param name="body">What the client sends after its commands.</param>
/// <param name="input">git's standard input.</param>
/// <param name="maxBytes">The largest pack that is taken; 0 for any.</param>
internal sealed class PackPump(PipeReader body, Socket input, long maxBytes)
{
    private const int HeaderLength = 12;

    private readonly byte[] header = new byte[HeaderLength];
    private long sent;

    /// <summary>How many objects the pack's header announces (gitformat-pack); 0 where there is no pack.</summary>
    public long ObjectCount =>
        sent >= HeaderLength && header.AsSpan(0, 4).SequenceEqual("PACK"u8) ? BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8)) : 0;

    /// <summary>Whether the pack was longer than may be: git was not given all of it, so nothing of it can have been taken.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Sends what <paramref name="first"/> holds, then the body to its end, and tells git that it is the end.</summary>
    /// <param name="first">What goes first.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="copy">Gets the body, too; null for nowhere.</param>
    public async Task RunAsync(ReadOnlyMemory<byte> first, CancellationToken cancellationToken, Stream? copy = null)
    {
        try
        {
            await SendAsync(first, cancellationToken);
            while (true)
            {
                var result = await body.ReadAsync(cancellationToken);
                if (maxBytes > 0 && sent + result.Buffer.Length > maxBytes)
                {
                    IsTooLarge = true;
                    body.AdvanceTo(result.Buffer.End);
                    break;
                }

                foreach (var part in result.Buffer)
                {
                    KeepHeader(part.Span);
                    if (copy is not null)
                    {
                        await copy.WriteAsync(part, cancellationToken);
                    }

                    await SendAsync(part, cancellationToken);
                }

                body.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (SocketException)
        {
            // git wants no more: what it says of that comes with its report.
        }
        finally
        {
            input.Dispose();
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await input.SendAsync(bytes, cancellationToken)..];
        }
    }

    private void KeepHeader(ReadOnlySpan<byte> bytes)
    {
        if (sent < HeaderLength)
        {
            var kept = Math.Min(bytes.Length, HeaderLength - (int)sent);
            bytes[..kept].CopyTo(header.AsSpan((int)sent));
        }

        sent += bytes.Length;
    }
}
