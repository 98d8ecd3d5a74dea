using Portcullis.Git.Names;

namespace Portcullis.Git.RefFiles;

/// <summary>
/// The file <c>packed-refs</c> (<c>write_with_updates</c> and <c>next_record</c> in refs/packed-backend.c). Read strictly: who meets something that git would not write
/// asks git.
/// </summary>
public static class PackedRefs
{
    private const int ShortestLine = 48;

    // PATH_MAX: what could be no loose ref is no ref that git made.
    private const int MaxNameBytes = 4096;

    /// <summary>Reads the file.</summary>
    /// <param name="content">All of it; the refs keep parts of it.</param>
    /// <param name="format">The repository's object format.</param>
    /// <param name="refs">The refs by the bytes of their names.</param>
    /// <returns>False when something in it is not as git writes it.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> content, ObjectFormat format, out IReadOnlyList<StoredRef> refs)
    {
        var found = new List<StoredRef>(content.Length / ShortestLine);
        refs = found;
        var hex = format.HexLength();
        var isFirst = true;
        var isSorted = true;
        var isFullyPeeled = false;
        var canBePeeled = false;
        var position = 0;
        while (position < content.Length)
        {
            var length = content.Span[position..].IndexOf((byte)'\n');
            if (length < 0)
            {
                return false;
            }

            var line = content.Slice(position, length);
            position += length + 1;
            var text = line.Span;
            var isHeader = isFirst && text.StartsWith("# pack-refs with:"u8);
            isFirst = false;
            if (isHeader)
            {
                isFullyPeeled = HasTrait(text, "fully-peeled"u8);
                continue;
            }

            if (text is [(byte)'^', ..])
            {
                if (!canBePeeled || !ObjectId.TryParse(text[1..], out var peeled) || peeled.Format != format)
                {
                    return false;
                }

                canBePeeled = false;
                found[^1] = found[^1] with { KnowsPeeled = true, Peeled = peeled };
                continue;
            }

            if (text.Length <= hex + 1 || text.Length > hex + 1 + MaxNameBytes || text[hex] != ' ' || !ObjectId.TryParse(text[..hex], out var id) || id.IsZero || !RefNameRules.IsFullName(text[(hex + 1)..]))
            {
                return false;
            }

            var name = line[(hex + 1)..];
            isSorted &= found.Count == 0 || found[^1].CompareNameTo(name.Span) < 0;
            found.Add(new(name, id, default, isFullyPeeled));
            canBePeeled = true;
        }

        // Git before 2.18 and other programs don't sort; git then does, and so do we. Two lines for one name are git's to judge.
        return isSorted || TrySort(found);
    }

    private static bool HasTrait(ReadOnlySpan<byte> header, ReadOnlySpan<byte> trait)
    {
        foreach (var range in header.Split((byte)' '))
        {
            if (header[range].SequenceEqual(trait))
            {
                return true;
            }
        }

        return false;
    }

    private static bool TrySort(List<StoredRef> refs)
    {
        refs.Sort(static (left, right) => left.CompareNameTo(right.Name.Span));
        for (var i = 1; i < refs.Count; i++)
        {
            if (refs[i - 1].CompareNameTo(refs[i].Name.Span) == 0)
            {
                return false;
            }
        }

        return true;
    }
}
