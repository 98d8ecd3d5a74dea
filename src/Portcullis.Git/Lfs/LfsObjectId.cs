using System.Buffers;

namespace Portcullis.Git.Lfs;

/// <summary>The name of a Git LFS object: the SHA-256 of its content in 64 lowercase hexadecimal digits. It names content and no Git object.</summary>
public readonly record struct LfsObjectId
{
    /// <summary>Digits in an id.</summary>
    public const int Length = 64;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly string? value;

    private LfsObjectId(string value) => this.value = value;

    /// <summary>Reads an id.</summary>
    /// <param name="text">The digits and nothing else.</param>
    /// <param name="id">The id.</param>
    /// <returns>False for anything but 64 lowercase hexadecimal digits.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out LfsObjectId id)
    {
        var isId = text.Length == Length && !text.ContainsAnyExcept(Digits);
        id = isId ? new LfsObjectId(text.ToString()) : default;
        return isId;
    }

    /// <summary>The id of content whose SHA-256 is known.</summary>
    /// <param name="hash">The 32 bytes of the hash.</param>
    /// <exception cref="ArgumentException">These are not 32 bytes.</exception>
    public static LfsObjectId OfHash(ReadOnlySpan<byte> hash) =>
        hash.Length == 32 ? new LfsObjectId(Convert.ToHexStringLower(hash)) : throw new ArgumentException("A SHA-256 has 32 bytes.", nameof(hash));

    /// <summary>The 64 digits.</summary>
    public override string ToString() => value ?? new string('0', Length);
}
