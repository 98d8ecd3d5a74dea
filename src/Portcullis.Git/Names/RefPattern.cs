using System.Diagnostics.CodeAnalysis;

namespace Portcullis.Git.Names;

/// <summary>
/// One pattern over full ref names; a leading <c>^</c> makes it an exclusion, as in git's negative refspecs. A pattern that no ref name could match is refused:
/// <c>^main</c> would look like a protection and be none.
/// </summary>
public sealed class RefPattern : IEquatable<RefPattern>
{
    private RefPattern(bool isExclusion, WildcardPattern pattern)
    {
        IsExclusion = isExclusion;
        Pattern = pattern;
    }

    /// <summary>Whether the pattern takes refs away instead of adding them.</summary>
    public bool IsExclusion { get; }

    /// <summary>What is matched, without the <c>^</c>.</summary>
    public WildcardPattern Pattern { get; }

    /// <summary>Reads the encoded form.</summary>
    /// <param name="encoded">A full ref name in which <c>*</c> stands for any run of characters, after <c>^</c> for an exclusion.</param>
    /// <param name="pattern">The pattern, or null.</param>
    /// <param name="problem">What is wrong; the default when nothing is.</param>
    /// <returns>False for text that isn't a pattern and for patterns that can match no ref.</returns>
    public static bool TryParse(ReadOnlySpan<char> encoded, [NotNullWhen(true)] out RefPattern? pattern, out PatternProblem problem)
    {
        pattern = null;
        var isExclusion = encoded is ['^', ..];
        var offset = isExclusion ? 1 : 0;
        if (!WildcardPattern.TryParse(encoded[offset..], out var wildcard, out problem))
        {
            problem = problem with { Position = problem.Position + offset };
            return false;
        }

        if (FindProblem(wildcard) is { } message)
        {
            problem = new(offset, message);
            return false;
        }

        pattern = new(isExclusion, wildcard);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out RefPattern?, out PatternProblem)"/>
    public static bool TryParse(ReadOnlySpan<char> encoded, [NotNullWhen(true)] out RefPattern? pattern) => TryParse(encoded, out pattern, out _);

    /// <summary>Reads a pattern known to be valid: constants and tests.</summary>
    /// <param name="encoded">The encoded form.</param>
    /// <returns>The pattern.</returns>
    /// <exception cref="FormatException">The text isn't a ref pattern; the message says why.</exception>
    public static RefPattern Parse(ReadOnlySpan<char> encoded) =>
        TryParse(encoded, out var pattern, out var problem) ? pattern : throw new FormatException(problem.Message);

    /// <summary>A pattern for exactly one ref.</summary>
    /// <param name="name">The ref.</param>
    /// <param name="isExclusion">Whether it takes the ref away.</param>
    /// <returns>The pattern.</returns>
    public static RefPattern For(RefName name, bool isExclusion = false) => new(isExclusion, WildcardPattern.Literal(name.Value));

    /// <summary>Whether the pattern itself matches, whichever way it then counts.</summary>
    /// <param name="name">A ref name.</param>
    /// <returns>Whether it matches.</returns>
    public bool IsMatch(RefName name) => Pattern.IsMatch(name.Value);

    /// <summary>Whether the pattern itself matches, whichever way it then counts.</summary>
    /// <param name="utf8Name">A full ref name in UTF-8.</param>
    /// <returns>Whether it matches.</returns>
    public bool IsMatch(ReadOnlySpan<byte> utf8Name) => Pattern.IsMatch(utf8Name);

    /// <inheritdoc/>
    public bool Equals(RefPattern? other) => other is not null && IsExclusion == other.IsExclusion && Pattern.Equals(other.Pattern);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RefPattern);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsExclusion, Pattern);

    /// <summary>The canonical encoded form, with its <c>^</c>.</summary>
    /// <returns>Text that reads back to an equal pattern.</returns>
    public override string ToString() => IsExclusion ? "^" + Pattern : Pattern.ToString();

    private static string? FindProblem(WildcardPattern pattern)
    {
        var start = pattern.Parts[0];
        if (!pattern.HasWildcard)
        {
            return RefName.TryParse(start, out _)
                ? null
                : start == "HEAD"
                    ? "HEAD is visible when the ref that it points to is; name that ref, for example 'refs/heads/main'."
                    : "A ref is named in full and by git's rules, for example 'refs/heads/main'.";
        }

        return start.StartsWith("refs/", StringComparison.Ordinal) || "refs/".StartsWith(start, StringComparison.Ordinal)
            ? null
            : "A ref pattern starts with 'refs/', for example 'refs/heads/*', because it is matched against the full name.";
    }
}
