using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.PackCache;
using Portcullis.Git;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.PktLines;
using Portcullis.Git.ReceivePack;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Host.Fetches;

/// <summary>
/// Answers a clone with the one pack that the repository consists of, as it lies there. git would take it apart into objects, gather, check and write it anew, and hash it: the same bytes for ten
/// times the cost. What must hold is proved for each answer (docs/decisions/0016).
/// </summary>
internal sealed class WholePack(GitLauncher git, RefReader refs)
{
    private const int PacketsAtOnce = 4;
    private const int MaxCountBytes = 64;

    // A bitmap takes milliseconds. One that can't be used takes a walk through everything, and git's answer is the better one then.
    private static readonly TimeSpan s_countLimit = TimeSpan.FromSeconds(2);

    /// <summary>Appends the whole answer, if it can be had this way.</summary>
    /// <param name="directory">The repository; one whose answers may be kept, without replaced objects, grafts or hooks (<see cref="RefReader.NameAsync"/>).</param>
    /// <param name="state">The name that the repository had before (<see cref="RefReader.NameAsync"/>).</param>
    /// <param name="version">The protocol version.</param>
    /// <param name="body">The request, as git would get it, of a caller who sees every ref: whether the pack is sent tells where refs point.</param>
    /// <param name="answer">Where to.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>False when git has to be asked; nothing was appended then.</returns>
    /// <exception cref="IOException">The pack can't be read to its end, or the answer can't be written.</exception>
    public async Task<bool> TryAppendAsync(
        string directory, string state, GitProtocolVersion version, ReadOnlyMemory<byte> body, StoredAnswer answer, CancellationToken cancellationToken)
    {
        var isVersion2 = version == GitProtocolVersion.V2;
        var fetch = isVersion2 ? FetchRequest.Parse(CommandRequest.Parse(body)) : FetchRequest.ParseV0(body);
        if (!IsPlainClone(fetch) || OnlyPackOf(directory) is not { } path)
        {
            return false;
        }

        HashSet<ObjectId> wants = [.. fetch.Wants];
        using var pack = TryOpen(path);
        if (pack is null
            || !await AreAllTipsAsync(directory, wants, cancellationToken)
            || await CountReachableAsync(directory, wants, cancellationToken) != ObjectCountOf(pack)

            // The refs are those of before the pack was looked at: all that they reach was there then, and so is in it.
            || await refs.NameAsync(directory, cancellationToken) != state)
        {
            return false;
        }

        await answer.AppendAsync(isVersion2 ? "000dpackfile\n"u8.ToArray() : "0008NAK\n"u8.ToArray(), cancellationToken);
        await AppendAsync(pack, answer, cancellationToken);
        return true;
    }

    // Without history, filter or anything else that makes a pack of its own. A pack as it lies there holds offsets to deltas' bases.
    private static bool IsPlainClone(FetchRequest fetch) =>
        fetch.IsDone && fetch.HasOption("ofs-delta")
        && (fetch.Version == GitProtocolVersion.V2 || fetch.HasOption("side-band-64k"))
        && fetch.Lines.All(static line => line.Kind is FetchLineKind.Want or FetchLineKind.Done || IsIndifferent(line));

    private static bool IsIndifferent(FetchLine line) => line.Kind == FetchLineKind.Option && line.Argument is "ofs-delta" or "thin-pack" or "no-progress" or "include-tag";

    // Null where objects are anywhere else, too, or where not all that they point to is there. Without a bitmap the proof would cost as much as what it saves.
    private static string? OnlyPackOf(string directory)
    {
        var objects = Path.Combine(directory, "objects");
        if (Path.Exists(Path.Combine(directory, "shallow")) || Path.Exists(Path.Combine(objects, "info", "alternates")))
        {
            return null;
        }

        try
        {
            // First, since objects move into packs, and never back where a ref reaches them.
            if (HasLooseObjects(objects))
            {
                return null;
            }

            string? pack = null;
            foreach (var file in Directory.EnumerateFiles(Path.Combine(objects, "pack")))
            {
                if (Path.GetExtension(file) is ".promisor" or ".mtimes" || (file.EndsWith(".pack", StringComparison.Ordinal) && pack is not null))
                {
                    return null;
                }

                pack = file.EndsWith(".pack", StringComparison.Ordinal) ? file : pack;
            }

            return pack is not null && File.Exists(Path.ChangeExtension(pack, ".bitmap")) ? pack : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool HasLooseObjects(string objects) =>
        Directory.EnumerateDirectories(objects, "??").Any(static folder => Directory.EnumerateFileSystemEntries(folder).Any());

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // What is wanted is what is advertised, no more, which git would have to judge, and no less, which hardly ever reaches everything.
    private async Task<bool> AreAllTipsAsync(string directory, HashSet<ObjectId> wants, CancellationToken cancellationToken)
    {
        var tips = new HashSet<ObjectId>();
        foreach (var entry in (await refs.ReadForFetchAsync(directory, cancellationToken)).Entries)
        {
            if (entry.Id is { } id)
            {
                tips.Add(id);
            }
        }

        return tips.SetEquals(wants);
    }

    // With the bitmap of the pack: how many objects the wanted ones reach. As upload-pack does, without regard to replaced objects.
    private async Task<long> CountReachableAsync(string directory, HashSet<ObjectId> wants, CancellationToken cancellationToken)
    {
        var input = new StringBuilder(wants.Count * 41);
        foreach (var want in wants)
        {
            input.Append(want).Append('\n');
        }

        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stopped.CancelAfter(s_countLimit);
        try
        {
            var output = await git.RunAsync(
                new GitInvocation
                {
                    Subcommand = "rev-list",
                    Arguments = ["--count", "--objects", "--use-bitmap-index", "--stdin"],
                    Directory = directory,
                    Environment = ["GIT_DIR=" + directory, "GIT_NO_REPLACE_OBJECTS=1"],
                },
                Encoding.ASCII.GetBytes(input.ToString()),
                MaxCountBytes,
                stopped.Token);
            return Utf8Parser.TryParse(output, out long count, out _) ? count : -1;
        }
        catch (Exception exception) when (exception is GitFailedException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return -1;
        }
    }

    private static long? ObjectCountOf(SafeFileHandle pack)
    {
        Span<byte> start = stackalloc byte[PackHeader.Length];
        return RandomAccess.Read(pack, start, 0) == start.Length && PackHeader.TryRead(start, out var header) ? header.ObjectCount : null;
    }

    private static async Task AppendAsync(SafeFileHandle pack, StoredAnswer answer, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PacketsAtOnce * PktLine.MaxLength);
        var length = RandomAccess.GetLength(pack);
        for (long position = 0; position < length;)
        {
            var filled = 0;
            for (var packet = 0; packet < PacketsAtOnce && position < length; packet++)
            {
                var count = (int)Math.Min(SidebandWriter.LargeDataLength, length - position);
                filled += Fill(buffer.AsSpan(filled), pack, position, count);
                position += count;
            }

            await answer.AppendAsync(buffer.AsMemory(0, filled), cancellationToken);

            // Files are read and written at once: others get a turn on this thread between two pieces.
            await Task.Yield();
        }

        ArrayPool<byte>.Shared.Return(buffer);
        await answer.AppendAsync("0000"u8.ToArray(), cancellationToken);
    }

    // One packet of the side-band, read to where it is sent from.
    private static int Fill(Span<byte> packet, SafeFileHandle pack, long position, int count)
    {
        var data = packet.Slice(SidebandWriter.WriteSidebandHeader(packet, SidebandChannel.Pack, count), count);
        while (!data.IsEmpty)
        {
            var read = RandomAccess.Read(pack, data, position);
            if (read == 0)
            {
                throw new EndOfStreamException("The pack became shorter while it was sent.");
            }

            data = data[read..];
            position += read;
        }

        return SidebandWriter.HeaderLength + count;
    }
}
