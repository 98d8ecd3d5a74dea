using System.Collections.Immutable;
using System.Text;
using Portcullis.Git.Names;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>
/// The refs of a repository at one moment, in git's order: <c>HEAD</c> first, the others by the bytes of their names. Held as the very lines that answer <c>ls-refs</c>
/// with <c>peel</c> and <c>symrefs</c>, so that answering is copying. Immutable; made by <see cref="RefSnapshotParser"/> and <see cref="RefSnapshotBuilder"/>.
/// </summary>
public sealed class RefSnapshot
{
    private readonly ReadOnlyMemory<byte> _lines;
    private readonly RefLine[] _refs;
    private readonly int _firstNamed;
    private RefName?[]? _names;

    internal RefSnapshot(ObjectFormat format, ReadOnlyMemory<byte> lines, RefLine[] refs, ImmutableArray<ObjectId> haves, ImmutableArray<ObjectId> shallow)
    {
        Format = format;
        Haves = haves;
        Shallow = shallow;
        _lines = lines;
        _refs = refs;
        _firstNamed = refs.Length > 0 && NameOf(0).Span.SequenceEqual("HEAD"u8) ? 1 : 0;
    }

    /// <summary>The refs.</summary>
    public RefSnapshotEntries Entries => new(this, 0, _refs.Length);

    /// <summary>The repository's object format.</summary>
    public ObjectFormat Format { get; }

    /// <summary>Objects that the repository has without a ref of its own that says so: <c>.have</c> lines of receive-pack.</summary>
    public ImmutableArray<ObjectId> Haves { get; }

    /// <summary>Commits at which the repository's own history ends, sorted: <c>shallow</c> lines.</summary>
    public ImmutableArray<ObjectId> Shallow { get; }

    /// <summary><c>HEAD</c>, where there is one.</summary>
    public RefSnapshotEntry? Head => _firstNamed == 1 ? new RefSnapshotEntry(this, 0) : null;

    /// <summary>A snapshot without refs.</summary>
    /// <param name="format">The repository's object format.</param>
    /// <returns>The snapshot.</returns>
    public static RefSnapshot Empty(ObjectFormat format) => new(format, default, [], [], []);

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
        return index < _refs.Length && NameOf(index).Span.SequenceEqual(bytes) ? new RefSnapshotEntry(this, index) : null;
    }

    /// <summary>Whether any ref's name begins with a text.</summary>
    /// <param name="prefix">The text.</param>
    /// <returns>Whether there is one.</returns>
    public bool HasPrefix(string prefix) => !WithPrefix(Encoding.UTF8.GetBytes(prefix)).IsEmpty;

    /// <summary>The refs whose names begin with some bytes, <c>HEAD</c> not among them; found by binary search.</summary>
    /// <param name="prefix">The bytes.</param>
    /// <returns>A run of <see cref="Entries"/>.</returns>
    public RefSnapshotEntries WithPrefix(ReadOnlySpan<byte> prefix)
    {
        var (start, end) = RangeOf(prefix);
        return new(this, start, end);
    }

    /// <summary>The snapshot without the refs that a condition does not hold for, and without <see cref="Haves"/>, which only whoever sees all may know.</summary>
    /// <param name="isKept">The condition.</param>
    /// <returns>A new snapshot.</returns>
    public RefSnapshot Filter(Func<RefSnapshotEntry, bool> isKept)
    {
        ArgumentNullException.ThrowIfNull(isKept);
        var kept = new List<RefLine>();
        var length = 0;
        for (var i = 0; i < _refs.Length; i++)
        {
            if (isKept(new(this, i)))
            {
                kept.Add(_refs[i]);
                length += _refs[i].Length;
            }
        }

        var lines = new byte[length];
        var refs = new RefLine[kept.Count];
        var start = 0;
        for (var i = 0; i < refs.Length; i++)
        {
            _lines.Span[kept[i].Start..kept[i].End].CopyTo(lines.AsSpan(start));
            refs[i] = kept[i] with { Start = start };
            start += refs[i].Length;
        }

        return new(Format, lines, refs, [], Shallow);
    }

    /// <summary>The snapshot with other commits at which the repository's own history ends.</summary>
    /// <param name="shallow">The commits, sorted.</param>
    /// <returns>A new snapshot that shares the refs.</returns>
    public RefSnapshot WithShallow(ImmutableArray<ObjectId> shallow) => new(Format, _lines, _refs, Haves, shallow);

    internal (int Start, int End) RangeOf(ReadOnlySpan<byte> prefix)
    {
        var start = LowerBound(prefix);
        var (low, high) = (start, _refs.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = NameOf(middle).Span.StartsWith(prefix) ? (middle + 1, high) : (low, middle);
        }

        return (start, low);
    }

    /// <summary>The lines of a run of refs.</summary>
    internal ReadOnlyMemory<byte> LinesOf(int start, int end) =>
        start == end ? default : _lines[_refs[start].Start.._refs[end - 1].End];

    /// <summary>Whether a line holds a target or a peeled value.</summary>
    internal bool HasAttributes(int index) => _refs[index].TargetLength > 0 || _refs[index].HasPeeled;

    internal bool IsUnborn(int index) => _refs[index].IsUnborn;

    internal ReadOnlyMemory<byte> NameOf(int index) => _lines.Slice(_refs[index].Start + _refs[index].NameStart, _refs[index].NameLength);

    internal ReadOnlySpan<byte> IdHexOf(int index) => _lines.Span[(_refs[index].Start + PktLine.HeaderLength)..(_refs[index].Start + _refs[index].NameStart - 1)];

    /// <summary>Id, space and name.</summary>
    internal ReadOnlySpan<byte> IdAndNameOf(int index) =>
        _lines.Span[(_refs[index].Start + PktLine.HeaderLength)..(_refs[index].Start + _refs[index].NameStart + _refs[index].NameLength)];

    internal ReadOnlySpan<byte> TargetOf(int index) => _lines.Span.Slice(_refs[index].Start + _refs[index].TargetStart, _refs[index].TargetLength);

    internal ReadOnlySpan<byte> PeeledHexOf(int index) => _refs[index].HasPeeled ? _lines.Span[(_refs[index].End - 1 - Format.HexLength())..(_refs[index].End - 1)] : default;

    internal RefName? RefNameOf(int index)
    {
        // Filled by whoever comes first; two threads make equal names at worst.
        var names = _names ??= new RefName?[_refs.Length];
        if (names[index] is null && index >= _firstNamed && RefName.TryParse(NameOf(index).Span, out var name))
        {
            names[index] = name;
        }

        return names[index];
    }

    private int LowerBound(ReadOnlySpan<byte> name)
    {
        var (low, high) = (_firstNamed, _refs.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = NameOf(middle).Span.SequenceCompareTo(name) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
