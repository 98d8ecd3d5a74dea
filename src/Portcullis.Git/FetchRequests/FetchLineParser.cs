using System.Buffers.Text;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.FetchRequests;

/// <summary>
/// Reads the lines of a fetch, the same for every version (<c>process_args</c> and <c>receive_needs</c> in upload-pack.c), but for numbers: git reads them with
/// <c>strtol(…, 0)</c>, which takes signs, spaces, octal and hexadecimal; here they are decimal.
/// </summary>
internal static class FetchLineParser
{
    private static readonly byte[][] Options =
        [.. new[] { "thin-pack", "no-progress", "include-tag", "ofs-delta", "wait-for-done", "sideband-all", "deepen-relative" }.Select(System.Text.Encoding.ASCII.GetBytes)];

    public static FetchLine Parse(ReadOnlyMemory<byte> payload)
    {
        var line = PktLineText.Of(payload.Span);
        var space = line.IndexOf((byte)' ');
        if (space < 0)
        {
            return ParseWord(payload, line);
        }

        var argument = (space + 1)..line.Length;
        var value = line[argument];
        var id = default(ObjectId);
        var (kind, isValid) = line[..space] switch
        {
            var word when word.SequenceEqual("want"u8) => (FetchLineKind.Want, ObjectId.TryParse(value, out id)),
            var word when word.SequenceEqual("have"u8) => (FetchLineKind.Have, ObjectId.TryParse(value, out id)),
            var word when word.SequenceEqual("shallow"u8) => (FetchLineKind.Shallow, ObjectId.TryParse(value, out id)),
            var word when word.SequenceEqual("want-ref"u8) => (FetchLineKind.WantRef, !value.IsEmpty),
            var word when word.SequenceEqual("deepen"u8) => (FetchLineKind.Deepen, IsNumber(value, 1, int.MaxValue)),
            var word when word.SequenceEqual("deepen-since"u8) => (FetchLineKind.DeepenSince, IsNumber(value, 0, long.MaxValue)),
            var word when word.SequenceEqual("deepen-not"u8) => (FetchLineKind.DeepenNot, !value.IsEmpty),
            var word when word.SequenceEqual("filter"u8) => (FetchLineKind.Filter, !value.IsEmpty),
            var word when word.SequenceEqual("packfile-uris"u8) => (FetchLineKind.PackfileUris, !value.IsEmpty),
            _ => (default, false),
        };
        return isValid ? new(kind, payload, argument, id) : throw PktLineException.Unexpected("A line of the fetch is unknown or malformed.");
    }

    private static FetchLine ParseWord(ReadOnlyMemory<byte> payload, ReadOnlySpan<byte> line)
    {
        if (line.SequenceEqual("done"u8))
        {
            return new(FetchLineKind.Done, payload, ..0, default);
        }

        foreach (var option in Options)
        {
            if (line.SequenceEqual(option))
            {
                return new(FetchLineKind.Option, payload, ..line.Length, default);
            }
        }

        throw PktLineException.Unexpected("A line of the fetch is unknown or malformed.");
    }

    private static bool IsNumber(ReadOnlySpan<byte> text, long min, long max) =>
        Utf8Parser.TryParse(text, out long number, out var consumed) && consumed == text.Length && number >= min && number <= max
        && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9') && (text.Length == 1 || text[0] != '0');
}
