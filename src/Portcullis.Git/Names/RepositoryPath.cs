using System.Buffers;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Portcullis.Git.Names;

/// <summary>
/// The name of a repository: <c>acme/app</c>, without <c>.git</c>. Segments of ASCII letters, digits and <c>. _ ~ + -</c>, so that a path means the
/// same in a URL, on every file system, in a permission and in a log; none starts with a dot or a hyphen (hidden files, options of commands).
/// </summary>
public sealed class RepositoryPath : IEquatable<RepositoryPath>
{
    /// <summary>The longest path, in characters.</summary>
    public const int MaxLength = 255;

    /// <summary>The longest segment, in characters.</summary>
    public const int MaxSegmentLength = 100;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+-/");

    private static readonly FrozenSet<string> Reserved = FrozenSet.ToFrozenSet(
        [
            ".well-known", "oauth", "login", "device", "api", "auth", "healthz", "readyz", "metrics", "token", "account", "v2", "assets",
            "connect", "signin-oidc",
        ],
        StringComparer.OrdinalIgnoreCase);

    private RepositoryPath(string value) => Value = value;

    /// <summary>The path, such as <c>acme/app</c>.</summary>
    public string Value { get; }

    /// <summary>First path segments that the program's own endpoints occupy, compared without regard to case.</summary>
    public static IReadOnlySet<string> ReservedFirstSegments => Reserved;

    /// <summary>Reads a repository path.</summary>
    /// <param name="text">The path without <c>.git</c>, unescaped.</param>
    /// <param name="path">The path, or null.</param>
    /// <param name="problem">What is wrong, as a sentence without the text itself; null when it is a path.</param>
    /// <returns>Whether the text is a repository path.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out RepositoryPath? path, [NotNullWhen(false)] out string? problem)
    {
        problem = text is null ? "A repository path may not be empty." : FindProblem(text);
        path = problem is null ? new RepositoryPath(text!) : null;
        return path is not null;
    }

    /// <inheritdoc cref="TryParse(string?, out RepositoryPath?, out string?)"/>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out RepositoryPath? path) => TryParse(text, out path, out _);

    /// <summary>Reads a path known to be valid: constants and tests.</summary>
    /// <param name="text">The path.</param>
    /// <returns>The path.</returns>
    /// <exception cref="FormatException">The text isn't a repository path; the message says why.</exception>
    public static RepositoryPath Parse(string text) =>
        TryParse(text, out var path, out var problem) ? path : throw new FormatException(problem);

    /// <inheritdoc/>
    public bool Equals(RepositoryPath? other) => other is not null && string.Equals(Value, other.Value, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RepositoryPath);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>The path.</summary>
    /// <returns><see cref="Value"/>.</returns>
    public override string ToString() => Value;

    private static string? FindProblem(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return "A repository path may not be empty.";
        }

        if (text.Length > MaxLength)
        {
            return "A repository path may have at most 255 characters.";
        }

        if (text.ContainsAnyExcept(Allowed))
        {
            return "A repository path may hold only ASCII letters, digits, '.', '_', '~', '+', '-' and '/'.";
        }

        var first = true;
        foreach (var range in text.Split('/'))
        {
            var segment = text[range];
            if (FindSegmentProblem(segment) is { } problem)
            {
                return problem;
            }

            if (first && Reserved.GetAlternateLookup<ReadOnlySpan<char>>().Contains(segment))
            {
                return "A repository path may not start with a name that the server uses itself.";
            }

            first = false;
        }

        return null;
    }

    private static string? FindSegmentProblem(ReadOnlySpan<char> segment) => segment switch
    {
        [] => "A repository path may not start or end with '/' or hold '//'.",
        { Length: > MaxSegmentLength } => "A segment of a repository path may have at most 100 characters.",
        ['.' or '-', ..] => "A segment of a repository path may not start with '.' or '-'.",
        [.., '.'] => "A segment of a repository path may not end with '.'.",
        _ when segment.EndsWith(".git", StringComparison.OrdinalIgnoreCase) => "A repository path is written without '.git'.",
        _ when segment.EndsWith(".lock", StringComparison.OrdinalIgnoreCase) => "A segment of a repository path may not end with '.lock'.",
        _ => null,
    };
}
