using System.Buffers;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>Answers <c>ls-refs</c> from a snapshot, byte for byte as git does (<c>ls_refs</c> and <c>send_ref</c> in ls-refs.c).</summary>
public static class LsRefsResponseWriter
{
    /// <summary>Writes the whole answer, flush included.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="snapshot">The refs to answer from: what the client may see.</param>
    public static void Write(IBufferWriter<byte> output, LsRefsRequest request, RefSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(snapshot);
        if (snapshot.Head is { } head && IsAsked(head, request))
        {
            WriteRun(output, request, snapshot, 0, 1);
        }

        if (request.Prefixes.IsEmpty)
        {
            var (start, end) = snapshot.RangeOf(default);
            WriteRun(output, request, snapshot, start, end);
        }
        else
        {
            WritePrefixes(output, request, snapshot);
        }

        output.WriteFlush();
    }

    // send_possibly_unborn_head: an unborn HEAD only for who understands it and asks where it points.
    private static bool IsAsked(in RefSnapshotEntry head, LsRefsRequest request)
    {
        if (head.Id is null && !(request.Unborn && request.Symrefs))
        {
            return false;
        }

        foreach (var prefix in request.Prefixes)
        {
            if ("HEAD"u8.StartsWith(prefix.Span))
            {
                return true;
            }
        }

        return request.Prefixes.IsEmpty;
    }

    // Each ref once and in order, however the prefixes overlap.
    private static void WritePrefixes(IBufferWriter<byte> output, LsRefsRequest request, RefSnapshot snapshot)
    {
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
        var written = 0;
        foreach (var (start, end) in runs)
        {
            if (end > written)
            {
                WriteRun(output, request, snapshot, Math.Max(start, written), end);
                written = end;
            }
        }
    }

    private static void WriteRun(IBufferWriter<byte> output, LsRefsRequest request, RefSnapshot snapshot, int start, int end)
    {
        var lines = snapshot.Lines;
        if (request is { Peel: true, Symrefs: true })
        {
            output.Write(lines.Slice(start, end));
            return;
        }

        // Lines without attributes are the same for everyone, and copied in runs, too.
        var entries = snapshot.Entries.AsSpan();
        var copiedTo = start;
        for (var i = start; i < end; i++)
        {
            ref readonly var entry = ref entries[i];
            if (entry.SymrefTarget is null && entry.Peeled is null)
            {
                continue;
            }

            output.Write(lines.Slice(copiedTo, i));
            var length = RefLines.LengthOf(entry, request.Symrefs, request.Peel);
            RefLines.Write(entry, request.Symrefs, request.Peel, output.GetSpan(length)[..length]);
            output.Advance(length);
            copiedTo = i + 1;
        }

        output.Write(lines.Slice(copiedTo, end));
    }
}
