using System.Text;
using Portcullis.Git.Names;

namespace Portcullis.Git.Advertisements;

/// <summary>One ref as a repository had it at one moment.</summary>
public readonly struct RefSnapshotEntry
{
    /// <summary>Makes an entry.</summary>
    /// <param name="nameBytes">The name as it is on the wire.</param>
    /// <param name="id">Its value; null for an unborn <c>HEAD</c>.</param>
    /// <param name="peeled">What the annotated tag that it names stands for.</param>
    /// <param name="symrefTarget">Where it points, if it is symbolic.</param>
    public RefSnapshotEntry(ReadOnlyMemory<byte> nameBytes, ObjectId? id, ObjectId? peeled = null, string? symrefTarget = null)
    {
        NameBytes = nameBytes;
        Id = id;
        Peeled = peeled;
        SymrefTarget = symrefTarget;
    }

    /// <summary>The name's bytes: git doesn't insist on UTF-8.</summary>
    public ReadOnlyMemory<byte> NameBytes { get; }

    /// <summary>The value; null for an unborn <c>HEAD</c>.</summary>
    public ObjectId? Id { get; }

    /// <summary>What the annotated tag that the ref names stands for; null for anything else.</summary>
    public ObjectId? Peeled { get; }

    /// <summary>The ref that it points to, if it is symbolic.</summary>
    public string? SymrefTarget { get; }

    /// <summary>Whether this is <c>HEAD</c>.</summary>
    public bool IsHead => NameBytes.Span.SequenceEqual("HEAD"u8);

    /// <summary>The name; null for <c>HEAD</c> and for names that are not valid or not UTF-8.</summary>
    public RefName? Name => RefName.TryParse(NameBytes.Span, out var name) ? name : null;

    /// <summary>The entry in a line, for messages and tests.</summary>
    /// <returns>Id and name.</returns>
    public override string ToString() => $"{Id?.ToString() ?? "unborn"} {Encoding.UTF8.GetString(NameBytes.Span)}";
}
