using System.IO.Compression;
using System.Text;
using Portcullis.Git;

namespace Portcullis.Gateway.Backends.Host.Objects;

/// <summary>
/// The beginning of an object that lies in a file of its own (gitrepository-layout(5), <c>objects/[0-9a-f][0-9a-f]</c>): what it is, and the parents of a commit. What a
/// small push brings lies so, and need not cost a process to be looked at. Objects in packs or elsewhere are git's to read.
/// </summary>
internal sealed class LooseObject
{
    // A commit with eighty parents; one with more is git's to read.
    private const int MaxHeadBytes = 4096;

    private LooseObject(string kind, IReadOnlyList<ObjectId>? parents)
    {
        Kind = kind;
        Parents = parents;
    }

    /// <summary><c>commit</c>, <c>tree</c>, <c>blob</c> or <c>tag</c>.</summary>
    public string Kind { get; }

    /// <summary>The parents that a commit names, in order; null for what is none, or can't be read by this much of it.</summary>
    public IReadOnlyList<ObjectId>? Parents { get; }

    /// <summary>Reads an object; null where it is not in a file of its own, or that is not as git writes it.</summary>
    /// <param name="objects">An object directory.</param>
    /// <param name="id">The object.</param>
    public static LooseObject? TryRead(string objects, ObjectId id)
    {
        var hex = id.ToString();
        Span<byte> head = stackalloc byte[MaxHeadBytes];
        try
        {
            using var file = new FileStream(Path.Combine(objects, hex[..2], hex[2..]), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            using var inflated = new ZLibStream(file, CompressionMode.Decompress);
            return Parse(head[..inflated.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)], id.Format);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // <kind> SP <length> NUL <content>; a commit's is "tree <id>" LF and then "parent <id>" LF for each.
    private static LooseObject? Parse(ReadOnlySpan<byte> head, ObjectFormat format)
    {
        var space = head.IndexOf((byte)' ');
        var end = head.IndexOf((byte)0);
        if (space < 0 || end <= space + 1 || head[(space + 1)..end].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return null;
        }

        var kind = Encoding.ASCII.GetString(head[..space]);
        return kind switch
        {
            "commit" => new(kind, ParentsOf(head[(end + 1)..], format)),
            "tree" or "blob" or "tag" => new(kind, null),
            _ => null,
        };
    }

    private static List<ObjectId>? ParentsOf(ReadOnlySpan<byte> content, ObjectFormat format)
    {
        if (!TryTake(ref content, "tree "u8, format, out _))
        {
            return null;
        }

        var parents = new List<ObjectId>(2);
        while (TryTake(ref content, "parent "u8, format, out var parent))
        {
            parents.Add(parent);
        }

        // Cut in the middle of the list, or another list than git would read.
        return content.StartsWith("author "u8) ? parents : null;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> content, ReadOnlySpan<byte> word, ObjectFormat format, out ObjectId id)
    {
        id = default;
        var length = word.Length + format.HexLength() + 1;
        if (content.Length < length || !content.StartsWith(word) || content[length - 1] != (byte)'\n' || !ObjectId.TryParse(content[word.Length..(length - 1)], out id))
        {
            return false;
        }

        content = content[length..];
        return true;
    }
}
