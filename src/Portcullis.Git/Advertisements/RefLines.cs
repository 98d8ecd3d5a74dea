using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>
/// Refs as the pkt-lines that answer <c>ls-refs</c> with <c>peel</c> and <c>symrefs</c>, which is what nearly every client asks: made once for a snapshot, so that
/// answering is copying.
/// </summary>
internal sealed class RefLines
{
    private readonly ReadOnlyMemory<byte> _bytes;

    // Where each line ends; one more than there are refs, the first being 0.
    private readonly int[] _ends;

    private RefLines(ReadOnlyMemory<byte> bytes, int[] ends)
    {
        _bytes = bytes;
        _ends = ends;
    }

    public static RefLines Of(ReadOnlySpan<RefSnapshotEntry> entries)
    {
        var ends = new int[entries.Length + 1];
        for (var i = 0; i < entries.Length; i++)
        {
            ends[i + 1] = ends[i] + LengthOf(entries[i], withTarget: true, withPeeled: true);
        }

        var bytes = new byte[ends[^1]];
        for (var i = 0; i < entries.Length; i++)
        {
            Write(entries[i], withTarget: true, withPeeled: true, bytes.AsSpan(ends[i]..ends[i + 1]));
        }

        return new(bytes, ends);
    }

    /// <summary>The lines of a run of refs.</summary>
    public ReadOnlySpan<byte> Slice(int start, int end) => _bytes.Span[_ends[start].._ends[end]];

    /// <summary>Length of one line on the wire.</summary>
    public static int LengthOf(in RefSnapshotEntry entry, bool withTarget, bool withPeeled)
    {
        var length = PktLine.HeaderLength + (entry.Id?.Format.HexLength() ?? "unborn".Length) + 1 + entry.NameBytes.Length + 1;
        if (withTarget && entry.SymrefTarget is { } target)
        {
            length += " symref-target:".Length + System.Text.Encoding.UTF8.GetByteCount(target);
        }

        if (withPeeled && entry.Peeled is { } peeled)
        {
            length += " peeled:".Length + peeled.Format.HexLength();
        }

        return length <= PktLine.MaxLength ? length : throw new ArgumentException("The names of a ref are too long for a pkt-line.");
    }

    /// <summary>Writes one line into exactly its length (<c>send_ref</c> in ls-refs.c).</summary>
    public static void Write(in RefSnapshotEntry entry, bool withTarget, bool withPeeled, Span<byte> line)
    {
        PktLineWriter.WriteHeader(line, line.Length);
        var rest = line[PktLine.HeaderLength..];
        if (entry.Id is { } id)
        {
            rest = rest[id.CopyHexTo(rest)..];
        }
        else
        {
            Put("unborn"u8, ref rest);
        }

        Put(" "u8, ref rest);
        Put(entry.NameBytes.Span, ref rest);
        if (withTarget && entry.SymrefTarget is { } target)
        {
            Put(" symref-target:"u8, ref rest);
            rest = rest[System.Text.Encoding.UTF8.GetBytes(target, rest)..];
        }

        if (withPeeled && entry.Peeled is { } peeled)
        {
            Put(" peeled:"u8, ref rest);
            rest = rest[peeled.CopyHexTo(rest)..];
        }

        Put("\n"u8, ref rest);
    }

    private static void Put(ReadOnlySpan<byte> bytes, ref Span<byte> rest)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }
}
