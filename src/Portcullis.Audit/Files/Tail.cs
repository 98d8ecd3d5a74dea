using Portcullis.Audit.Lines;

namespace Portcullis.Audit.Files;

/// <summary>What the end of a file says about the chain.</summary>
/// <param name="Position">Where the chain stands after the last whole line; <see langword="null"/> where the file holds no checkpoint to count from.</param>
/// <param name="Length">The file's length up to the end of that line.</param>
/// <param name="TornBytes">What lies behind it: a line cut short by a crash.</param>
internal sealed record Tail(ChainPosition? Position, long Length, long TornBytes)
{
    private const int FirstWindow = 1 << 20;

    /// <summary>
    /// Reads a file's end, as far back as its last checkpoint. Only what follows the last whole line is torn: a line in the
    /// middle that doesn't match its hash was changed rather than cut, and stays for the verifier to report.
    /// </summary>
    public static Tail Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var length = file.Length;
        for (long window = FirstWindow; ; window *= 4)
        {
            var start = Math.Max(0, length - window);
            var bytes = new byte[length - start];
            file.Position = start;
            file.ReadExactly(bytes);
            if (Scan(bytes, startsAtLine: start == 0) is var (position, end) && (position is not null || start == 0))
            {
                return new Tail(position, start + end, length - start - end);
            }
        }
    }

    /// <summary>Finds the last whole line in a file's last bytes, and where the chain stands there.</summary>
    internal static (ChainPosition? Position, int End) Scan(byte[] bytes, bool startsAtLine)
    {
        ChainPosition? position = null;
        var end = 0;
        var skipped = 0;
        var start = 0;
        if (!startsAtLine)
        {
            start = bytes.AsSpan().IndexOf((byte)'\n') + 1;
        }

        while (bytes.AsSpan(start).IndexOf((byte)'\n') is >= 0 and var length)
        {
            var line = bytes.AsSpan(start, length);
            start += length + 1;
            if (!LineHash.TrySplit(line, out var hashed, out var hash) || !LineHash.Matches(hashed, hash))
            {
                skipped++;
                continue;
            }

            if (line.Length <= CheckpointLine.MaxBytes && LineMembers.TryRead(line, out var members)
                && members is { Event: AuditEvents.Checkpoint, Count: >= 0 })
            {
                position = new ChainPosition(members.Count.Value + 1, hash.ToArray(), 0);
                end = start;
            }
            else if (position is { } last)
            {
                var more = 1 + skipped;
                position = new ChainPosition(last.Count + more, hash.ToArray(), last.LinesSinceCheckpoint + more);
                end = start;
            }

            skipped = 0;
        }

        return (position, end);
    }
}
