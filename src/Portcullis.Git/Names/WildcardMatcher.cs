namespace Portcullis.Git.Names;

/// <summary>
/// Matches text against literal parts with "anything" between them. Taking the leftmost place for each part is enough, so there is no backtracking; parts long enough
/// to make a plain search quadratic are found by Knuth, Morris and Pratt's algorithm.
/// </summary>
internal sealed class WildcardMatcher<T>
    where T : unmanaged, IEquatable<T>
{
    // Up to here a plain vectorized search costs at most this many comparisons for each character, which is still linear and much faster in practice.
    private const int PlainSearchLimit = 16;

    private readonly T[][] _parts;
    private readonly int[]?[] _failures;
    private readonly int _minimumLength;

    public WildcardMatcher(T[][] parts)
    {
        _parts = parts;
        _failures = [.. parts.Select((part, i) => i > 0 && i < parts.Length - 1 && part.Length > PlainSearchLimit ? FailureFunction(part) : null)];
        _minimumLength = parts.Sum(part => part.Length);
    }

    public bool IsMatch(ReadOnlySpan<T> text)
    {
        var parts = _parts;
        if (parts.Length == 1)
        {
            return text.SequenceEqual(parts[0]);
        }

        if (text.Length < _minimumLength || !text.StartsWith(parts[0]) || !text.EndsWith(parts[^1]))
        {
            return false;
        }

        // Because of the minimum length the ends don't overlap.
        text = text[parts[0].Length..^parts[^1].Length];
        for (var i = 1; i < parts.Length - 1; i++)
        {
            var at = _failures[i] is { } failure ? Find(text, parts[i], failure) : text.IndexOf(parts[i]);
            if (at < 0)
            {
                return false;
            }

            text = text[(at + parts[i].Length)..];
        }

        return true;
    }

    private static int Find(ReadOnlySpan<T> text, ReadOnlySpan<T> part, ReadOnlySpan<int> failure)
    {
        var matched = 0;
        for (var i = 0; i < text.Length; i++)
        {
            while (matched > 0 && !text[i].Equals(part[matched]))
            {
                matched = failure[matched - 1];
            }

            if (text[i].Equals(part[matched]) && ++matched == part.Length)
            {
                return i - part.Length + 1;
            }
        }

        return -1;
    }

    private static int[] FailureFunction(ReadOnlySpan<T> part)
    {
        var failure = new int[part.Length];
        for (int i = 1, matched = 0; i < part.Length; i++)
        {
            while (matched > 0 && !part[i].Equals(part[matched]))
            {
                matched = failure[matched - 1];
            }

            failure[i] = part[i].Equals(part[matched]) ? ++matched : matched;
        }

        return failure;
    }
}
