using Portcullis.Git.Names;

namespace Portcullis.Git.RefFiles;

/// <summary>
/// What the file of a loose ref, or <c>HEAD</c>, holds (gitrepository-layout(5), "refs"; <c>parse_loose_ref_contents</c> in refs/files-backend.c). Only the form that git
/// writes is read: it takes more than it writes, and who meets something else asks git.
/// </summary>
/// <param name="Id">The value; null for a symbolic ref.</param>
/// <param name="Target">The ref that it points to; empty for a value.</param>
public readonly record struct LooseRef(ObjectId? Id, ReadOnlyMemory<byte> Target)
{
    /// <summary>No file holds more.</summary>
    public const int MaxBytes = 4096;

    private static ReadOnlySpan<byte> Symbolic => "ref: "u8;

    /// <summary>Whether a file may be that of a ref: its path is a valid full name, in whatever bytes.</summary>
    /// <param name="name">The path from the repository on.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsName(ReadOnlySpan<byte> name) => RefNameRules.IsFullName(name);

    /// <summary>Reads a file's content.</summary>
    /// <param name="content">All of it.</param>
    /// <param name="format">The repository's object format.</param>
    /// <param name="reference">What it holds.</param>
    /// <returns>False when it is anything but an id that is not zero, or <c>ref: </c> and the full name of a ref; with or without a newline at the end.</returns>
    public static bool TryParse(ReadOnlySpan<byte> content, ObjectFormat format, out LooseRef reference)
    {
        reference = default;
        if (content is [.., (byte)'\n'])
        {
            content = content[..^1];
        }

        if (content.StartsWith(Symbolic))
        {
            var target = content[Symbolic.Length..];
            reference = new(null, target.ToArray());
            return RefNameRules.IsFullName(target);
        }

        if (!ObjectId.TryParse(content, out var id) || id.Format != format || id.IsZero)
        {
            return false;
        }

        reference = new(id, default);
        return true;
    }
}
