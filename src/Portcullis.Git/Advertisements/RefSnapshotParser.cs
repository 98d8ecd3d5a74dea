using System.Buffers;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>Reads refs as git itself tells them: strictly, since what is read here decides what others may see.</summary>
public static class RefSnapshotParser
{
    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>Reads git's answer to <c>ls-refs</c> with <c>peel</c>, <c>symrefs</c> and <c>unborn</c> (gitprotocol-v2).</summary>
    /// <param name="answer">The whole answer. Copied.</param>
    /// <param name="format">The repository's object format.</param>
    /// <returns>The refs.</returns>
    /// <exception cref="PktLineException">The answer is something else.</exception>
    public static RefSnapshot ParseListing(ReadOnlyMemory<byte> answer, ObjectFormat format)
    {
        var builder = new RefSnapshotBuilder(format, answer.Length);
        var reader = new RefLineReader(answer);
        while (reader.TryRead(out var payload))
        {
            AddListed(payload.Span, format, builder);
        }

        return builder.Build();
    }

    /// <summary>Reads the refs of an advertisement of version 0 or 1, as <c>receive-pack --http-backend-info-refs</c> prints it.</summary>
    /// <param name="answer">The whole answer, with or without the <c># service</c> line of HTTP. Copied.</param>
    /// <returns>The refs.</returns>
    /// <exception cref="PktLineException">The answer is something else.</exception>
    public static RefSnapshot ParseAdvertisement(ReadOnlyMemory<byte> answer) => ParseAdvertisementWithCapabilities(answer).Refs;

    /// <summary>Reads an advertisement of version 0 or 1 of either service.</summary>
    /// <param name="answer">The whole answer, with or without the <c># service</c> line of HTTP. Copied.</param>
    /// <returns>Refs and capabilities.</returns>
    /// <exception cref="PktLineException">The answer is something else.</exception>
    public static RefAdvertisement ParseAdvertisementWithCapabilities(ReadOnlyMemory<byte> answer) => new RefAdvertisementParser().Parse(answer);

    internal static PktLineException Unexpected() => PktLineException.Unexpected("This is no list of refs.");

    /// <summary>Reads an id and the space behind it.</summary>
    internal static ObjectId TakeId(ref ReadOnlySpan<byte> line, ObjectFormat format)
    {
        var length = format.HexLength();
        if (line.Length <= length + 1 || line[length] != ' ' || !ObjectId.TryParse(line[..length], out var id))
        {
            throw Unexpected();
        }

        line = line[(length + 1)..];
        return id;
    }

    // Only the form that git writes is taken, so that lines can be kept as they are: the target in front of the peeled value, a newline at the end.
    private static void AddListed(ReadOnlySpan<byte> payload, ObjectFormat format, RefSnapshotBuilder builder)
    {
        if (payload is not [.., (byte)'\n'])
        {
            throw Unexpected();
        }

        var rest = payload[..^1];
        var id = TakeWord(ref rest);
        var nameStart = PktLine.HeaderLength + id.Length + 1;
        var name = TakeWord(ref rest);
        var isId = IsHex(id, format);
        if (!isId && !(id.SequenceEqual("unborn"u8) && name.SequenceEqual("HEAD"u8)))
        {
            throw Unexpected();
        }

        var (targetStart, targetLength, hasPeeled) = (0, 0, false);
        if (rest.StartsWith("symref-target:"u8))
        {
            targetStart = PktLine.HeaderLength + payload.Length - 1 - rest.Length + "symref-target:".Length;
            targetLength = TakeWord(ref rest).Length - "symref-target:".Length;
        }

        if (rest.StartsWith("peeled:"u8) && IsHex(rest["peeled:".Length..], format) && isId)
        {
            hasPeeled = true;
            rest = default;
        }

        if (!rest.IsEmpty || payload[^2] == ' ' || (targetStart > 0 && targetLength == 0))
        {
            throw Unexpected();
        }

        builder.AddLine(payload, new(0, 0, nameStart, name.Length, targetStart, targetLength, hasPeeled));
    }

    private static bool IsHex(ReadOnlySpan<byte> text, ObjectFormat format) => text.Length == format.HexLength() && !text.ContainsAnyExcept(HexDigits);

    private static ReadOnlySpan<byte> TakeWord(ref ReadOnlySpan<byte> line)
    {
        var space = line.IndexOf((byte)' ');
        var word = space < 0 ? line : line[..space];
        line = space < 0 ? default : line[(space + 1)..];
        return word;
    }
}
