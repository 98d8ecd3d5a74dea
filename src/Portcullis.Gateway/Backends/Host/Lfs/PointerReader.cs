using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>Finds the pointers among the objects that a <c>git cat-file --batch</c> writes.</summary>
internal static class PointerReader
{
    private const int MaxHeaderBytes = 256;

    /// <summary>Reads to the end of git's output, and gives the objects that its blobs point to.</summary>
    public static async IAsyncEnumerable<LfsObject> ReadAsync(Socket output, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var blob in ReadBlobsAsync(output, cancellationToken))
        {
            if (LfsPointer.TryParse(blob, out var pointed))
            {
                yield return pointed;
            }
        }
    }

    /// <summary>Reads to the end of git's output, and gives its blobs that are no larger than a pointer.</summary>
    public static async IAsyncEnumerable<byte[]> ReadBlobsAsync(Socket output, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(new NetworkStream(output), new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        while (await ReadHeaderAsync(reader, cancellationToken) is { } header)
        {
            // "<id> <type> <size>", or "<id> missing" for what isn't there (git-cat-file(1), "BATCH OUTPUT").
            if (header is not [_, var type, var digits] || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            {
                continue;
            }

            if (type == "blob" && size <= LfsPointer.MaxBytes)
            {
                yield return await ReadBlobAsync(reader, (int)size, cancellationToken);
                size = 0;
            }

            // The rest of the object, and the newline behind it.
            await SkipAsync(reader, size + 1, cancellationToken);
        }
    }

    private static async ValueTask<string[]?> ReadHeaderAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            if (result.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.ASCII.GetString(result.Buffer.Slice(0, end));
                reader.AdvanceTo(result.Buffer.GetPosition(1, end));
                return line.Split(' ');
            }

            if (result.Buffer.Length > MaxHeaderBytes || (result.IsCompleted && !result.Buffer.IsEmpty))
            {
                throw new GitFailedException("cat-file", null, "its output is not understood");
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    private static async ValueTask<byte[]> ReadBlobAsync(PipeReader reader, int size, CancellationToken cancellationToken)
    {
        var result = await reader.ReadAtLeastAsync(Math.Max(1, size), cancellationToken);
        if (result.Buffer.Length < size)
        {
            throw new GitFailedException("cat-file", null, "its output is cut short");
        }

        var content = result.Buffer.Slice(0, size);
        var blob = content.ToArray();
        reader.AdvanceTo(content.End);
        return blob;
    }

    private static async ValueTask SkipAsync(PipeReader reader, long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var skipped = Math.Min(count, result.Buffer.Length);
            reader.AdvanceTo(result.Buffer.GetPosition(skipped));
            count -= skipped;
            if (result.IsCompleted && count > 0 && skipped == 0)
            {
                throw new GitFailedException("cat-file", null, "its output is cut short");
            }
        }
    }
}
