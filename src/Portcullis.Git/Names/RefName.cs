using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Portcullis.Git.Names;

/// <summary>
/// A full, valid ref name: starts with <c>refs/</c>, keeps the rules of git-check-ref-format(1) (<c>check_refname_format</c> in refs.c),
/// is well-formed UTF-8 and no longer than <see cref="MaxBytes"/>. <c>HEAD</c> is not one. Compared byte by byte: two names that look
/// alike but differ in Unicode normalization are two refs, as they are for git.
/// </summary>
public sealed class RefName : IEquatable<RefName>, IComparable<RefName>
{
    /// <summary>The longest name accepted, in bytes of UTF-8. Git has no limit of its own; file systems allow less than this below <c>refs/</c>.</summary>
    public const int MaxBytes = 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private RefName(string value) => Value = value;

    /// <summary>The name, such as <c>refs/heads/main</c>.</summary>
    public string Value { get; }

    /// <summary>Whether the ref is a branch: below <c>refs/heads/</c>.</summary>
    public bool IsBranch => Value.StartsWith("refs/heads/", StringComparison.Ordinal);

    /// <summary>Whether the ref is a tag: below <c>refs/tags/</c>.</summary>
    public bool IsTag => Value.StartsWith("refs/tags/", StringComparison.Ordinal);

    /// <summary>The name as people say it, without <c>refs/heads/</c> or <c>refs/tags/</c>. For messages only: a branch and a tag can share it.</summary>
    public string ShortName =>
        IsBranch ? Value["refs/heads/".Length..] : IsTag ? Value["refs/tags/".Length..] : Value;

    /// <summary>Reads a ref name from the wire.</summary>
    /// <param name="utf8">The bytes of the name and nothing else.</param>
    /// <param name="name">The name, or null.</param>
    /// <returns>False for anything that isn't a valid full ref name.</returns>
    public static bool TryParse(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out RefName? name)
    {
        name = RefNameRules.IsFullName(utf8) && utf8.Length <= MaxBytes && System.Text.Unicode.Utf8.IsValid(utf8)
            ? new RefName(Encoding.UTF8.GetString(utf8))
            : null;
        return name is not null;
    }

    /// <summary>Reads a ref name from text.</summary>
    /// <param name="text">The name and nothing else.</param>
    /// <param name="name">The name, or null.</param>
    /// <returns>False for anything that isn't a valid full ref name, null and unpaired surrogates included.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out RefName? name)
    {
        name = null;
        if (text is null || text.Length > MaxBytes)
        {
            return false;
        }

        Span<byte> utf8 = stackalloc byte[MaxBytes];
        if (System.Text.Unicode.Utf8.FromUtf16(text, utf8, out _, out var written, replaceInvalidSequences: false) != System.Buffers.OperationStatus.Done
            || !RefNameRules.IsFullName(utf8[..written]))
        {
            return false;
        }

        name = new RefName(text);
        return true;
    }

    /// <summary>Reads a ref name known to be valid: constants and tests.</summary>
    /// <param name="text">The name.</param>
    /// <returns>The name.</returns>
    /// <exception cref="FormatException">The text isn't a valid full ref name.</exception>
    public static RefName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException("Not a valid full ref name.");

    /// <summary>The bytes of the name as they are on the wire.</summary>
    /// <returns>A new array of UTF-8.</returns>
    public byte[] ToUtf8() => StrictUtf8.GetBytes(Value);

    /// <inheritdoc/>
    public bool Equals(RefName? other) => other is not null && string.Equals(Value, other.Value, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RefName);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>Orders bytewise by UTF-8, as git orders refs.</summary>
    /// <param name="other">The name to compare with; null sorts first.</param>
    /// <returns>Negative, zero or positive.</returns>
    public int CompareTo(RefName? other)
    {
        if (other is null)
        {
            return 1;
        }

        var at = Value.AsSpan().CommonPrefixLength(other.Value);
        if (at == Value.Length || at == other.Value.Length)
        {
            return Value.Length.CompareTo(other.Value.Length);
        }

        // UTF-16 sorts surrogate pairs below U+E000, UTF-8 above: lift them.
        return Lift(Value[at]).CompareTo(Lift(other.Value[at]));

        static int Lift(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
    }

    /// <summary>The name.</summary>
    /// <returns><see cref="Value"/>.</returns>
    public override string ToString() => Value;
}
