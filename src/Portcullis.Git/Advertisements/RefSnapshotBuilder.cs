using System.Buffers;
using System.Collections.Immutable;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>Puts a snapshot together, ref by ref in git's order.</summary>
/// <param name="format">The repository's object format.</param>
/// <param name="expectedBytes">How many bytes the lines will take, if known.</param>
public sealed class RefSnapshotBuilder(ObjectFormat format, int expectedBytes = 256)
{
    // Two names, two ids and the words between them fit into a pkt-line.
    private const int MaxNameLength = 16 * 1024;

    private readonly ArrayBufferWriter<byte> _lines = new(Math.Max(1, expectedBytes));
    private readonly List<RefLine> _refs = [];

    /// <summary>Adds a ref.</summary>
    /// <param name="name">Its full name, or <c>HEAD</c>.</param>
    /// <param name="id">Its value; null for an unborn <c>HEAD</c>.</param>
    /// <param name="peeled">What the annotated tag that it names stands for; null for anything else.</param>
    /// <param name="symrefTarget">The ref that it points to, if it is symbolic; else empty.</param>
    /// <exception cref="PktLineException">A name can't be one, an id has another format, or the ref does not come behind the one before.</exception>
    public void Add(ReadOnlySpan<byte> name, ObjectId? id, ObjectId? peeled = null, ReadOnlySpan<byte> symrefTarget = default)
    {
        if ((id is null && !name.SequenceEqual("HEAD"u8)) || (id is { } value && value.Format != format) || (peeled is { } behind && behind.Format != format)
            || !IsName(name) || (!symrefTarget.IsEmpty && !IsName(symrefTarget)))
        {
            throw RefSnapshotParser.Unexpected();
        }

        var line = new PktLineComposer(_lines, name.Length + symrefTarget.Length + (2 * format.HexLength()) + 64);
        if (id is { } own)
        {
            line.Add(own);
        }
        else
        {
            line.Add("unborn"u8);
        }

        line.Add((byte)' ');
        var nameStart = line.Length;
        line.Add(name);
        var targetStart = 0;
        if (!symrefTarget.IsEmpty)
        {
            line.Add(" symref-target:"u8);
            targetStart = line.Length;
            line.Add(symrefTarget);
        }

        if (peeled is { } stands)
        {
            line.Add(" peeled:"u8);
            line.Add(stands);
        }

        line.Add((byte)'\n');
        var start = _lines.WrittenCount;
        line.Finish();
        Append(new(start, line.Length, nameStart, name.Length, targetStart, symrefTarget.Length, peeled is not null));
    }

    /// <summary>Makes the snapshot; nothing can be added afterwards.</summary>
    /// <param name="haves">Objects that the repository has without a ref that says so.</param>
    /// <param name="shallow">Commits at which its own history ends, sorted.</param>
    /// <returns>The snapshot.</returns>
    public RefSnapshot Build(ImmutableArray<ObjectId> haves = default, ImmutableArray<ObjectId> shallow = default) =>
        new(format, _lines.WrittenMemory, [.. _refs], haves.IsDefault ? [] : haves, shallow.IsDefault ? [] : shallow);

    /// <summary>Adds a line that has the right form already; its parts are checked to be names, and ids are the caller's to check.</summary>
    internal void AddLine(ReadOnlySpan<byte> payload, in RefLine parts)
    {
        if (!IsName(payload.Slice(parts.NameStart - PktLine.HeaderLength, parts.NameLength))
            || (parts.TargetLength > 0 && !IsName(payload.Slice(parts.TargetStart - PktLine.HeaderLength, parts.TargetLength))))
        {
            throw RefSnapshotParser.Unexpected();
        }

        var start = _lines.WrittenCount;
        _lines.WriteData(payload);
        Append(parts with { Start = start, Length = payload.Length + PktLine.HeaderLength });
    }

    // What would break a line that it is written into.
    private static bool IsName(ReadOnlySpan<byte> name) => name.Length is > 0 and <= MaxNameLength && !name.ContainsAny((byte)0, (byte)'\n', (byte)' ');

    private void Append(in RefLine line)
    {
        if (_refs.Count > 0)
        {
            var last = NameOf(_refs[^1]);
            var name = NameOf(line);
            if (name.SequenceEqual("HEAD"u8) || (last.SequenceCompareTo(name) >= 0 && !last.SequenceEqual("HEAD"u8)))
            {
                throw RefSnapshotParser.Unexpected();
            }
        }

        _refs.Add(line);
    }

    private ReadOnlySpan<byte> NameOf(in RefLine line) => _lines.WrittenSpan.Slice(line.Start + line.NameStart, line.NameLength);
}
