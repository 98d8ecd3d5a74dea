using System.Text;
using Portcullis.Git.Names;

namespace Portcullis.Git.Advertisements;

/// <summary>One ref as a repository had it at one moment: a view into a snapshot that costs nothing to make.</summary>
public readonly struct RefSnapshotEntry
{
    private readonly RefSnapshot _snapshot;
    private readonly int _index;

    internal RefSnapshotEntry(RefSnapshot snapshot, int index)
    {
        _snapshot = snapshot;
        _index = index;
    }

    /// <summary>The name's bytes: git doesn't insist on UTF-8.</summary>
    public ReadOnlyMemory<byte> NameBytes => _snapshot.NameOf(_index);

    /// <summary>The value; null for an unborn <c>HEAD</c>.</summary>
    public ObjectId? Id => ObjectId.TryParse(_snapshot.IdHexOf(_index), out var id) ? id : null;

    /// <summary>What the annotated tag that the ref names stands for; null for anything else.</summary>
    public ObjectId? Peeled => ObjectId.TryParse(_snapshot.PeeledHexOf(_index), out var id) ? id : null;

    /// <summary>The ref that it points to, if it is symbolic. Bytes that aren't UTF-8 are replaced.</summary>
    public string? SymrefTarget => _snapshot.TargetOf(_index) is var target && target.IsEmpty ? null : Encoding.UTF8.GetString(target);

    /// <summary>Whether this is <c>HEAD</c>.</summary>
    public bool IsHead => NameBytes.Span.SequenceEqual("HEAD"u8);

    /// <summary>The name; null for <c>HEAD</c> and for names that are not valid or not UTF-8. Made once for each ref of a snapshot.</summary>
    public RefName? Name => _snapshot.RefNameOf(_index);

    /// <summary>The entry in a line, for messages and tests.</summary>
    /// <returns>Id and name.</returns>
    public override string ToString() => $"{Id?.ToString() ?? "unborn"} {Encoding.UTF8.GetString(NameBytes.Span)}";
}
