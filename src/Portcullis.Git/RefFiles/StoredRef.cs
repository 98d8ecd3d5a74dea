namespace Portcullis.Git.RefFiles;

/// <summary>A ref as the repository's files hold it.</summary>
/// <param name="Name">Its full name, as bytes: git doesn't insist on UTF-8.</param>
/// <param name="Id">Its value; null for a symbolic ref.</param>
/// <param name="Target">The ref that it points to; empty for a value.</param>
/// <param name="KnowsPeeled">Whether the files say what its object stands for, too.</param>
/// <param name="Peeled">What they say: null for anything but an annotated tag.</param>
public readonly record struct StoredRef(ReadOnlyMemory<byte> Name, ObjectId? Id, ReadOnlyMemory<byte> Target, bool KnowsPeeled = false, ObjectId? Peeled = null)
{
    internal int CompareNameTo(ReadOnlySpan<byte> other) => Name.Span.SequenceCompareTo(other);
}
