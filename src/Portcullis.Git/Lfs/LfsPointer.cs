using System.Text;

namespace Portcullis.Git.Lfs;

/// <summary>
/// A pointer file: the small blob that stands in Git's history for a large object (git-lfs, docs/spec.md). Read strictly, and always by this one reader: what
/// counts as a pointer when somebody pushes it counts as one when somebody fetches through it, and nothing else does.
/// </summary>
public static class LfsPointer
{
    /// <summary>The largest blob that can be a pointer, in bytes (<c>BlobSizeCutoff</c> in lfs/pointer.go).</summary>
    public const int MaxBytes = 1024;

    // The names that the version line has had (v1Aliases in lfs/pointer.go).
    private static readonly string[] Versions =
        ["version https://git-lfs.github.com/spec/v1", "version https://hawser.github.com/spec/v1", "version http://git-media.io/v/2"];

    /// <summary>Reads a blob.</summary>
    /// <param name="blob">Its whole content.</param>
    /// <param name="pointed">The object that it points to.</param>
    /// <returns>Whether the blob is a pointer.</returns>
    public static bool TryParse(ReadOnlySpan<byte> blob, out LfsObject pointed)
    {
        pointed = default;
        if (blob.Length is 0 or > MaxBytes || !Ascii.IsValid(blob))
        {
            return false;
        }

        // Keys are sorted but for version, which is first: ext-… lines stand before oid, and size is last.
        var lines = Encoding.ASCII.GetString(blob).Split('\n');
        var count = lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        if (count < 3 || !Versions.Contains(lines[0], StringComparer.Ordinal))
        {
            return false;
        }

        for (var index = 1; index < count - 2; index++)
        {
            if (!lines[index].StartsWith("ext-", StringComparison.Ordinal))
            {
                return false;
            }
        }

        const string Oid = "oid sha256:";
        const string Size = "size ";
        if (!lines[count - 2].StartsWith(Oid, StringComparison.Ordinal)
            || !LfsObjectId.TryParse(lines[count - 2].AsSpan(Oid.Length), out var id)
            || !lines[count - 1].StartsWith(Size, StringComparison.Ordinal)
            || !LfsNumbers.TryParse(lines[count - 1].AsSpan(Size.Length), out var size))
        {
            return false;
        }

        pointed = new LfsObject(id, size);
        return true;
    }
}
