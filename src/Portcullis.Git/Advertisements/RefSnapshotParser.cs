using System.Collections.Immutable;
using System.Text;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>Reads refs as git itself tells them: strictly, since what is read here decides what others may see.</summary>
public static class RefSnapshotParser
{
    /// <summary>Reads git's answer to <c>ls-refs</c> with <c>peel</c>, <c>symrefs</c> and <c>unborn</c> (gitprotocol-v2).</summary>
    /// <param name="answer">The whole answer. The snapshot refers to it.</param>
    /// <param name="format">The repository's object format.</param>
    /// <returns>The refs.</returns>
    /// <exception cref="PktLineException">The answer is something else.</exception>
    public static RefSnapshot ParseListing(ReadOnlyMemory<byte> answer, ObjectFormat format)
    {
        var entries = ImmutableArray.CreateBuilder<RefSnapshotEntry>();
        foreach (var line in LinesOf(answer))
        {
            entries.Add(ParseListed(line, format));
        }

        return Ordered(entries, format);
    }

    /// <summary>Reads what <c>receive-pack --http-backend-info-refs</c> prints: an advertisement of version 0 (gitprotocol-pack).</summary>
    /// <param name="answer">The whole answer. The snapshot refers to it.</param>
    /// <returns>The refs.</returns>
    /// <exception cref="PktLineException">The answer is something else.</exception>
    public static RefSnapshot ParseAdvertisement(ReadOnlyMemory<byte> answer)
    {
        var entries = ImmutableArray.CreateBuilder<RefSnapshotEntry>();
        var haves = ImmutableArray.CreateBuilder<ObjectId>();
        var shallow = ImmutableArray.CreateBuilder<ObjectId>();
        ObjectFormat? format = null;
        foreach (var whole in LinesOf(answer))
        {
            var line = whole;
            if (format is null)
            {
                var zero = line.Span.IndexOf((byte)0);
                if (zero < 0)
                {
                    throw Unexpected();
                }

                format = CapabilityList.Parse(line.Span[(zero + 1)..]).ObjectFormat();
                line = line[..zero];
            }

            if (line.Span.StartsWith("shallow "u8))
            {
                shallow.Add(IdOf(line.Span["shallow ".Length..]));
                continue;
            }

            var (id, name) = SplitId(line, format.Value);
            if (name.Span.SequenceEqual(".have"u8))
            {
                haves.Add(id);
            }
            else if (!name.Span.SequenceEqual("capabilities^{}"u8))
            {
                entries.Add(new RefSnapshotEntry(name, id));
            }
        }

        var snapshot = Ordered(entries, format ?? throw Unexpected());
        return new RefSnapshot(snapshot.Entries, snapshot.Format) { Haves = haves.ToImmutable(), Shallow = shallow.ToImmutable() };
    }

    private static RefSnapshotEntry ParseListed(ReadOnlyMemory<byte> line, ObjectFormat format)
    {
        ObjectId? id = null;
        ReadOnlyMemory<byte> rest;
        if (line.Span.StartsWith("unborn "u8))
        {
            rest = line["unborn ".Length..];
        }
        else
        {
            (var value, rest) = SplitId(line, format);
            id = value;
        }

        var space = rest.Span.IndexOf((byte)' ');
        var name = space < 0 ? rest : rest[..space];
        ObjectId? peeled = null;
        string? target = null;
        while (space >= 0)
        {
            rest = rest[(space + 1)..];
            space = rest.Span.IndexOf((byte)' ');
            var attribute = (space < 0 ? rest : rest[..space]).Span;
            if (attribute.StartsWith("symref-target:"u8))
            {
                target = Encoding.UTF8.GetString(attribute["symref-target:".Length..]);
            }
            else if (attribute.StartsWith("peeled:"u8))
            {
                peeled = IdOf(attribute["peeled:".Length..]);
            }
        }

        return new RefSnapshotEntry(name, id, peeled, target);
    }

    private static IEnumerable<ReadOnlyMemory<byte>> LinesOf(ReadOnlyMemory<byte> answer)
    {
        var offset = 0;
        while (true)
        {
            var (kind, length, payload) = LineAt(answer.Span[offset..]);
            if (kind == PktLineKind.Flush)
            {
                if (offset + length != answer.Length)
                {
                    throw Unexpected();
                }

                yield break;
            }

            if (kind != PktLineKind.Data)
            {
                throw Unexpected();
            }

            yield return answer.Slice(offset + PktLine.HeaderLength, payload);
            offset += length;
        }
    }

    // Payload is without the newline that ends it.
    private static (PktLineKind Kind, int Length, int Payload) LineAt(ReadOnlySpan<byte> bytes)
    {
        var rest = bytes;
        if (!PktLineReader.TryRead(ref rest, out var kind, out var payload))
        {
            throw PktLineException.CutShort();
        }

        return (kind, bytes.Length - rest.Length, payload.EndsWith((byte)'\n') ? payload.Length - 1 : payload.Length);
    }

    private static (ObjectId Id, ReadOnlyMemory<byte> After) SplitId(ReadOnlyMemory<byte> line, ObjectFormat format)
    {
        var length = format.HexLength();
        return line.Length > length + 1 && line.Span[length] == ' ' ? (IdOf(line.Span[..length]), line[(length + 1)..]) : throw Unexpected();
    }

    private static ObjectId IdOf(ReadOnlySpan<byte> hex) => ObjectId.TryParse(hex, out var id) ? id : throw Unexpected();

    private static RefSnapshot Ordered(ImmutableArray<RefSnapshotEntry>.Builder entries, ObjectFormat format)
    {
        try
        {
            return new RefSnapshot(entries.ToImmutable(), format);
        }
        catch (ArgumentException)
        {
            throw Unexpected();
        }
    }

    private static PktLineException Unexpected() => PktLineException.Unexpected("This is no list of refs.");
}
