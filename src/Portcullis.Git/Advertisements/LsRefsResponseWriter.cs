using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>Answers <c>ls-refs</c> from a snapshot, byte for byte as git does (ls-refs.c).</summary>
public static class LsRefsResponseWriter
{
    /// <summary>Writes the whole answer, flush included.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="snapshot">The refs to answer from.</param>
    public static void Write(IBufferWriter<byte> output, LsRefsRequest request, RefSnapshot snapshot)
    {
        if (snapshot.Head is { } head && (request.Prefixes.IsEmpty || request.Prefixes.Any(prefix => "HEAD"u8.StartsWith(prefix.Span))))
        {
            WriteEntry(output, request, head);
        }

        var entries = snapshot.Entries.AsSpan();
        foreach (var (start, end) in Runs(request, snapshot))
        {
            foreach (ref readonly var entry in entries[start..end])
            {
                WriteEntry(output, request, entry);
            }
        }

        output.WriteFlush();
    }

    // The runs of refs that some prefix covers, in order and without overlap.
    private static List<(int Start, int End)> Runs(LsRefsRequest request, RefSnapshot snapshot)
    {
        if (request.Prefixes.IsEmpty)
        {
            return [snapshot.RangeOf(default)];
        }

        var runs = new List<(int Start, int End)>(request.Prefixes.Length);
        foreach (var prefix in request.Prefixes)
        {
            var run = snapshot.RangeOf(prefix.Span);
            if (run.Start < run.End)
            {
                runs.Add(run);
            }
        }

        runs.Sort();
        var kept = 0;
        for (var index = 0; index < runs.Count; index++)
        {
            if (kept > 0 && runs[index].Start < runs[kept - 1].End)
            {
                runs[kept - 1] = (runs[kept - 1].Start, Math.Max(runs[kept - 1].End, runs[index].End));
            }
            else
            {
                runs[kept++] = runs[index];
            }
        }

        runs.RemoveRange(kept, runs.Count - kept);
        return runs;
    }

    private static void WriteEntry(IBufferWriter<byte> output, LsRefsRequest request, in RefSnapshotEntry entry)
    {
        if (entry.Id is null && !request.Unborn)
        {
            return;
        }

        var target = request.Symrefs && entry.SymrefTarget is { } symref ? Encoding.UTF8.GetBytes(symref) : null;
        var peeled = request.Peel ? entry.Peeled : null;
        var length = PktLine.HeaderLength
            + (entry.Id?.Format.HexLength() ?? "unborn".Length)
            + 1
            + entry.NameBytes.Length
            + (target is null ? 0 : " symref-target:".Length + target.Length)
            + (peeled is { } id ? " peeled:".Length + id.Format.HexLength() : 0)
            + 1;
        var span = output.GetSpan(length)[..length];
        Utf8Formatter.TryFormat(length, span, out _, new StandardFormat('x', 4));
        var position = PktLine.HeaderLength;
        if (entry.Id is { } value)
        {
            position += value.CopyHexTo(span[position..]);
        }
        else
        {
            position += Copy("unborn"u8, span[position..]);
        }

        span[position++] = (byte)' ';
        position += Copy(entry.NameBytes.Span, span[position..]);
        if (target is not null)
        {
            position += Copy(" symref-target:"u8, span[position..]);
            position += Copy(target, span[position..]);
        }

        if (peeled is { } stands)
        {
            position += Copy(" peeled:"u8, span[position..]);
            position += stands.CopyHexTo(span[position..]);
        }

        span[position] = (byte)'\n';
        output.Advance(length);
    }

    private static int Copy(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        bytes.CopyTo(destination);
        return bytes.Length;
    }
}
