using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Portcullis.Git.Names;

/// <summary>
/// Literal text in which <c>*</c> stands for any run of characters, the empty one and <c>/</c> included; always matched against the whole text.
/// Two stars in a row mean the same as one. Matching takes time linear in the text and allocates nothing.
/// </summary>
public sealed class WildcardPattern : IEquatable<WildcardPattern>
{
    /// <summary>The longest pattern accepted, in characters of its encoded form.</summary>
    public const int MaxLength = 4096;

    private readonly ImmutableArray<string> _parts;
    private readonly WildcardMatcher<char> _chars;
    private readonly WildcardMatcher<byte> _bytes;
    private readonly string _encoded;

    private WildcardPattern(ImmutableArray<string> parts)
    {
        _parts = parts;
        _chars = new([.. parts.Select(part => part.ToCharArray())]);
        _bytes = new([.. parts.Select(Encoding.UTF8.GetBytes)]);
        _encoded = string.Join('*', parts.Select(PatternEncoding.Encode));
    }

    /// <summary>The pattern <c>*</c>.</summary>
    public static WildcardPattern Everything { get; } = new(["", ""]);

    /// <summary>
    /// The literal pieces between the stars, decoded, in order: one piece when there is no star, n + 1 for n stars. The first must start the text and the last must end it;
    /// either may be empty, the ones between are not.
    /// </summary>
    public ImmutableArray<string> Parts => _parts;

    /// <summary>Whether the pattern holds a star.</summary>
    public bool HasWildcard => _parts.Length > 1;

    /// <summary>Whether every text matches.</summary>
    public bool MatchesEverything => _parts.Length == 2 && _parts[0].Length == 0 && _parts[1].Length == 0;

    /// <summary>A pattern that only the given text matches, whatever characters it has.</summary>
    /// <param name="text">The literal text.</param>
    /// <returns>A pattern without a wildcard.</returns>
    /// <exception cref="ArgumentException">The text holds a control character or isn't well-formed UTF-16; no name does.</exception>
    public static WildcardPattern Literal(string text) => FromParts(text);

    /// <summary>Percent-encodes text so that it means only itself when set into the encoded form of a pattern.</summary>
    /// <param name="text">Any text, for example a subject that replaces a placeholder.</param>
    /// <returns>Encoded text; when it holds what no name can (controls, unpaired surrogates), the pattern it stands in is refused by <c>TryParse</c>.</returns>
    public static string Encode(string text) => PatternEncoding.Encode(text);

    /// <summary>A pattern from decoded pieces, a star between each two.</summary>
    /// <param name="parts">At least one piece; stars in them are literal.</param>
    /// <returns>The pattern; runs of stars become one.</returns>
    /// <exception cref="ArgumentException">There is no piece, or one holds a control character or isn't well-formed UTF-16; no name does.</exception>
    public static WildcardPattern FromParts(params ReadOnlySpan<string> parts)
    {
        if (parts.IsEmpty)
        {
            throw new ArgumentException("A pattern has at least one part.", nameof(parts));
        }

        var kept = ImmutableArray.CreateBuilder<string>(parts.Length);
        for (var i = 0; i < parts.Length; i++)
        {
            if (!PatternEncoding.IsEncodable(parts[i]))
            {
                throw new ArgumentException("A pattern holds no control characters and no unpaired surrogates.", nameof(parts));
            }

            if (i == 0 || i == parts.Length - 1 || parts[i].Length > 0)
            {
                kept.Add(parts[i]);
            }
        }

        return new(kept.ToImmutable());
    }

    /// <summary>Reads the encoded form, in which <c>, : @ ^ * % " \</c>, space, controls and non-ASCII are percent-encoded UTF-8 when meant literally.</summary>
    /// <param name="encoded">The text.</param>
    /// <param name="pattern">The pattern, or null.</param>
    /// <param name="problem">What is wrong; the default when nothing is.</param>
    /// <returns>False for empty, overlong or wrongly encoded text and for literal control characters, which no name can hold.</returns>
    public static bool TryParse(ReadOnlySpan<char> encoded, [NotNullWhen(true)] out WildcardPattern? pattern, out PatternProblem problem)
    {
        pattern = null;
        if (!PatternEncoding.TryDecode(encoded, out var parts, out problem))
        {
            return false;
        }

        pattern = FromParts(parts);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out WildcardPattern?, out PatternProblem)"/>
    public static bool TryParse(ReadOnlySpan<char> encoded, [NotNullWhen(true)] out WildcardPattern? pattern) => TryParse(encoded, out pattern, out _);

    /// <summary>Reads a pattern known to be valid: constants and tests.</summary>
    /// <param name="encoded">The encoded form.</param>
    /// <returns>The pattern.</returns>
    /// <exception cref="FormatException">The text isn't a pattern; the message says why.</exception>
    public static WildcardPattern Parse(ReadOnlySpan<char> encoded) =>
        TryParse(encoded, out var pattern, out var problem) ? pattern : throw new FormatException(problem.Message);

    /// <summary>Whether the whole text matches.</summary>
    /// <param name="text">Plain text, not encoded.</param>
    /// <returns>Whether it matches.</returns>
    public bool IsMatch(ReadOnlySpan<char> text) => _chars.IsMatch(text);

    /// <summary>Whether the whole text matches.</summary>
    /// <param name="utf8">Plain text as UTF-8, not encoded.</param>
    /// <returns>The same as for the text in UTF-16.</returns>
    public bool IsMatch(ReadOnlySpan<byte> utf8) => _bytes.IsMatch(utf8);

    /// <summary>Whether this pattern matches every text that the other one matches. Exact, not an approximation.</summary>
    /// <param name="other">The pattern that may be narrower.</param>
    /// <returns>Whether the other is a subset of this one.</returns>
    public bool Covers(WildcardPattern other)
    {
        // A star can be replaced by a character that stands in no part of this pattern; then only one of our own stars can match it,
        // and what matches that one character there matches any run. So one match decides. NUL is in no pattern.
        ArgumentNullException.ThrowIfNull(other);
        return IsMatch(string.Join('\0', other._parts));
    }

    /// <inheritdoc/>
    public bool Equals(WildcardPattern? other) => other is not null && string.Equals(_encoded, other._encoded, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as WildcardPattern);

    /// <inheritdoc/>
    public override int GetHashCode() => _encoded.GetHashCode(StringComparison.Ordinal);

    /// <summary>The canonical encoded form: only what must be percent-encoded is, in capital digits.</summary>
    /// <returns>Text that <see cref="TryParse(ReadOnlySpan{char}, out WildcardPattern?)"/> reads back to an equal pattern.</returns>
    public override string ToString() => _encoded;
}
