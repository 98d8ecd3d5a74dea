using System.Diagnostics.CodeAnalysis;

namespace Portcullis.Git.Names;

/// <summary>A pattern over repository paths, such as <c>acme/*</c>.</summary>
public sealed class RepositoryPattern : IEquatable<RepositoryPattern>
{
    private RepositoryPattern(WildcardPattern pattern) => Pattern = pattern;

    /// <summary>What is matched against <see cref="RepositoryPath.Value"/>.</summary>
    public WildcardPattern Pattern { get; }

    /// <summary>Reads the encoded form.</summary>
    /// <param name="encoded">A repository path without <c>.git</c>, in which <c>*</c> stands for any run of characters, <c>/</c> included.</param>
    /// <param name="pattern">The pattern, or null.</param>
    /// <param name="problem">What is wrong; the default when nothing is.</param>
    /// <returns>False for text that isn't a pattern and for a path without wildcard that no repository could have.</returns>
    public static bool TryParse(ReadOnlySpan<char> encoded, [NotNullWhen(true)] out RepositoryPattern? pattern, out PatternProblem problem)
    {
        pattern = null;
        if (!WildcardPattern.TryParse(encoded, out var wildcard, out problem))
        {
            return false;
        }

        if (!wildcard.HasWildcard && !RepositoryPath.TryParse(wildcard.Parts[0], out _, out var message))
        {
            problem = new(0, message);
            return false;
        }

        if (wildcard.Parts[0] is ['/', ..])
        {
            problem = new(0, "A repository path does not start with '/'.");
            return false;
        }

        pattern = new(wildcard);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out RepositoryPattern?, out PatternProblem)"/>
    public static bool TryParse(ReadOnlySpan<char> encoded, [NotNullWhen(true)] out RepositoryPattern? pattern) => TryParse(encoded, out pattern, out _);

    /// <summary>Reads a pattern known to be valid: constants and tests.</summary>
    /// <param name="encoded">The encoded form.</param>
    /// <returns>The pattern.</returns>
    /// <exception cref="FormatException">The text isn't a repository pattern; the message says why.</exception>
    public static RepositoryPattern Parse(ReadOnlySpan<char> encoded) =>
        TryParse(encoded, out var pattern, out var problem) ? pattern : throw new FormatException(problem.Message);

    /// <summary>A pattern for exactly one repository.</summary>
    /// <param name="path">The repository.</param>
    /// <returns>The pattern.</returns>
    public static RepositoryPattern For(RepositoryPath path) => new(WildcardPattern.Literal(path.Value));

    /// <summary>Whether the repository matches.</summary>
    /// <param name="path">A repository.</param>
    /// <returns>Whether it matches.</returns>
    public bool IsMatch(RepositoryPath path) => Pattern.IsMatch(path.Value);

    /// <inheritdoc/>
    public bool Equals(RepositoryPattern? other) => other is not null && Pattern.Equals(other.Pattern);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RepositoryPattern);

    /// <inheritdoc/>
    public override int GetHashCode() => Pattern.GetHashCode();

    /// <summary>The canonical encoded form.</summary>
    /// <returns>Text that reads back to an equal pattern.</returns>
    public override string ToString() => Pattern.ToString();
}
