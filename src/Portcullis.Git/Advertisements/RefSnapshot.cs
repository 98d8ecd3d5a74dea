using System.Collections.Immutable;
using System.Text;

namespace Portcullis.Git.Advertisements;

/// <summary>The refs of a repository at one moment, in git's order: <c>HEAD</c> first, the others by the bytes of their names. Immutable.</summary>
public sealed class RefSnapshot
{
    private readonly ImmutableArray<RefSnapshotEntry> _entries;
    private readonly int _firstNamed;
    private RefLines? _lines;

    /// <summary>Makes a snapshot.</summary>
    /// <param name="entries">The refs in git's order.</param>
    /// <param name="format">The repository's object format.</param>
    /// <exception cref="ArgumentException">The order is another.</exception>
    public RefSnapshot(ImmutableArray<RefSnapshotEntry> entries, ObjectFormat format)
    {
        _entries = entries;
        Format = format;
        _firstNamed = entries.Length > 0 && entries[0].IsHead ? 1 : 0;
        for (var index = _firstNamed + 1; index < entries.Length; index++)
        {
            if (entries[index - 1].NameBytes.Span.SequenceCompareTo(entries[index].NameBytes.Span) >= 0)
            {
                throw new ArgumentException("The refs are not in order.", nameof(entries));
            }
        }
    }

    /// <summary>The refs.</summary>
    public ImmutableArray<RefSnapshotEntry> Entries => _entries;

    /// <summary>The repository's object format.</summary>
    public ObjectFormat Format { get; }

    /// <summary>Objects that the repository has without a ref of its own that says so: <c>.have</c> lines of receive-pack.</summary>
    public ImmutableArray<ObjectId> Haves { get; init; } = [];

    /// <summary>Commits at which the repository's own history ends, sorted: <c>shallow</c> lines.</summary>
    public ImmutableArray<ObjectId> Shallow { get; init; } = [];

    /// <summary><c>HEAD</c>, where there is one.</summary>
    public RefSnapshotEntry? Head => _firstNamed == 1 ? _entries[0] : null;

    /// <summary>Finds a ref by its full name.</summary>
    /// <param name="name">The name, or <c>HEAD</c>.</param>
    /// <returns>The entry, or null.</returns>
    public RefSnapshotEntry? Find(string name)
    {
        if (name == "HEAD")
        {
            return Head;
        }

        var bytes = Encoding.UTF8.GetBytes(name);
        var index = LowerBound(bytes);
        return index < _entries.Length && _entries[index].NameBytes.Span.SequenceEqual(bytes) ? _entries[index] : null;
    }

    /// <summary>Whether any ref's name begins with a text.</summary>
    /// <param name="prefix">The text.</param>
    /// <returns>Whether there is one.</returns>
    public bool HasPrefix(string prefix) => !WithPrefix(Encoding.UTF8.GetBytes(prefix)).IsEmpty;

    /// <summary>The refs whose names begin with some bytes, <c>HEAD</c> not among them.</summary>
    /// <param name="prefix">The bytes.</param>
    /// <returns>A run of <see cref="Entries"/>.</returns>
    public ReadOnlySpan<RefSnapshotEntry> WithPrefix(ReadOnlySpan<byte> prefix)
    {
        var (start, end) = RangeOf(prefix);
        return _entries.AsSpan()[start..end];
    }

    /// <summary>The snapshot without the refs that a condition does not hold for, and without what only whoever sees all may know.</summary>
    /// <param name="isKept">The condition.</param>
    /// <returns>A new snapshot.</returns>
    public RefSnapshot Filter(Func<RefSnapshotEntry, bool> isKept)
    {
        var kept = ImmutableArray.CreateBuilder<RefSnapshotEntry>();
        foreach (var entry in _entries)
        {
            if (isKept(entry))
            {
                kept.Add(entry);
            }
        }

        return new RefSnapshot(kept.ToImmutable(), Format) { Shallow = Shallow };
    }

    /// <summary>The refs as lines; made at the first call. Two threads make equal ones at worst.</summary>
    internal RefLines Lines => _lines ??= RefLines.Of(_entries.AsSpan());

    internal (int Start, int End) RangeOf(ReadOnlySpan<byte> prefix)
    {
        var start = LowerBound(prefix);
        var low = start;
        var high = _entries.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_entries[middle].NameBytes.Span.StartsWith(prefix))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return (start, low);
    }

    private int LowerBound(ReadOnlySpan<byte> name)
    {
        var low = _firstNamed;
        var high = _entries.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_entries[middle].NameBytes.Span.SequenceCompareTo(name) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
