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
        var reader = new RefLineReader(answer);
        while (reader.TryRead(out var line))
        {
            entries.Add(ParseListed(line, format));
        }

        return Ordered(entries, format, [], []);
    }

    /// <summary>Reads the refs of an advertisement of version 0 or 1, as <c>receive-pack --http-backend-info-refs</c> prints it.</summary>
    /// <param name="answer">The whole answer, with or without the <c># service</c> line of HTTP. The snapshot refers to it.</param>
    /// <returns>The refs.</returns>
    /// <exception cref="PktLineException">The answer is something else.</exception>
    public static RefSnapshot ParseAdvertisement(ReadOnlyMemory<byte> answer) => ParseAdvertisementWithCapabilities(answer).Refs;

    /// <summary>Reads an advertisement of version 0 or 1 of either service.</summary>
    /// <param name="answer">The whole answer, with or without the <c># service</c> line of HTTP. The snapshot refers to it.</param>
    /// <returns>Refs and capabilities.</returns>
    /// <exception cref="PktLineException">The answer is something else.</exception>
    public static RefAdvertisement ParseAdvertisementWithCapabilities(ReadOnlyMemory<byte> answer) => new RefAdvertisementParser().Parse(answer);

    internal static PktLineException Unexpected() => PktLineException.Unexpected("This is no list of refs.");

    internal static RefSnapshot Ordered(ImmutableArray<RefSnapshotEntry>.Builder entries, ObjectFormat format, ImmutableArray<ObjectId> haves, ImmutableArray<ObjectId> shallow)
    {
        try
        {
            return new RefSnapshot(entries.DrainToImmutable(), format) { Haves = haves, Shallow = shallow };
        }
        catch (ArgumentException)
        {
            throw Unexpected();
        }
    }

    /// <summary>Reads an id and the space behind it.</summary>
    internal static ObjectId TakeId(ref ReadOnlyMemory<byte> line, ObjectFormat format)
    {
        var length = format.HexLength();
        if (line.Length <= length + 1 || line.Span[length] != ' ' || !ObjectId.TryParse(line.Span[..length], out var id))
        {
            throw Unexpected();
        }

        line = line[(length + 1)..];
        return id;
    }

    private static RefSnapshotEntry ParseListed(ReadOnlyMemory<byte> line, ObjectFormat format)
    {
        ObjectId? id = null;
        var isUnborn = line.Span.StartsWith("unborn "u8);
        if (isUnborn)
        {
            line = line["unborn ".Length..];
        }
        else
        {
            id = TakeId(ref line, format);
        }

        var name = TakeWord(ref line);
        ObjectId? peeled = null;
        string? target = null;
        while (!line.IsEmpty)
        {
            var attribute = TakeWord(ref line).Span;
            if (attribute.StartsWith("symref-target:"u8) && target is null)
            {
                target = Encoding.UTF8.GetString(attribute["symref-target:".Length..]);
            }
            else if (attribute.StartsWith("peeled:"u8) && peeled is null && ObjectId.TryParse(attribute["peeled:".Length..], out var behind) && behind.Format == format)
            {
                peeled = behind;
            }
            else
            {
                throw Unexpected();
            }
        }

        return name.IsEmpty || (isUnborn && !name.Span.SequenceEqual("HEAD"u8)) ? throw Unexpected() : new(name, id, peeled, target);
    }

    private static ReadOnlyMemory<byte> TakeWord(ref ReadOnlyMemory<byte> line)
    {
        var space = line.Span.IndexOf((byte)' ');
        var word = space < 0 ? line : line[..space];
        line = space < 0 ? default : line[(space + 1)..];
        return word;
    }
}
