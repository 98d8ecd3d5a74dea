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
        if (snapshot.Head is not null && IsHeadAsked(isUnborn: snapshot.IsUnborn(0), request))
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
    private static bool IsHeadAsked(bool isUnborn, LsRefsRequest request)
    {
        if (isUnborn && !(request.Unborn && request.Symrefs))
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
        if (request is { Peel: true, Symrefs: true })
        {
            output.WriteLines(snapshot.LinesOf(start, end));
            return;
        }

        // Lines without attributes are the same for everyone, and copied in runs, too.
        var copiedTo = start;
        for (var i = start; i < end; i++)
        {
            if (snapshot.HasAttributes(i))
            {
                output.WriteLines(snapshot.LinesOf(copiedTo, i));
                WriteLine(output, request, snapshot, i);
                copiedTo = i + 1;
            }
        }

        output.WriteLines(snapshot.LinesOf(copiedTo, end));
    }

    private static void WriteLine(IBufferWriter<byte> output, LsRefsRequest request, RefSnapshot snapshot, int index)
    {
        var idAndName = snapshot.IdAndNameOf(index);
        var target = request.Symrefs ? snapshot.TargetOf(index) : default;
        var peeled = request.Peel ? snapshot.PeeledHexOf(index) : default;
        var line = new PktLineComposer(output, idAndName.Length + target.Length + peeled.Length + 64);
        line.Add(idAndName);
        if (!target.IsEmpty)
        {
            line.Add(" symref-target:"u8);
            line.Add(target);
        }

        if (!peeled.IsEmpty)
        {
            line.Add(" peeled:"u8);
            line.Add(peeled);
        }

        line.Add((byte)'\n');
        line.Finish();
    }
}
