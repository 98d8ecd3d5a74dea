using Portcullis.Git.Names;

namespace Portcullis.Access.Permissions;

/// <summary>
/// What two wildcard patterns have in common. Results may be smaller than the truth where the truth would cost too much, and never larger:
/// whoever narrows a permission by it can lose something, and can't gain.
/// </summary>
internal static class PatternAlgebra
{
    /// <summary>Every ref's name matches this.</summary>
    public static readonly WildcardPattern EveryRef = WildcardPattern.Parse("refs/*");

    // A star among literal characters. NUL stands in no pattern: decoding refuses it.
    private const char Star = '\0';

    // The cells of the table over both patterns, after what they share at both ends is taken off. 64 by 64 characters with stars inside.
    private const int MaxIntersectionCells = 4096;
    private const int MaxIntersectionResults = 16;
    private const int MaxDisjointCells = 1 << 20;

    /// <summary>Whether the first matches all that the second does.</summary>
    public static bool Covers(WildcardPattern wide, WildcardPattern narrow) => wide.MatchesEverything || wide.Covers(narrow);

    /// <summary>Whether provably no text matches both.</summary>
    public static bool AreDisjoint(WildcardPattern left, WildcardPattern right)
    {
        var a = Symbols(left);
        var b = Symbols(right);
        if (TrimEnds(ref a, ref b))
        {
            return true;
        }
        if ((long)(a.Length + 1) * (b.Length + 1) > MaxDisjointCells)
        {
            return false;
        }

        // below[j]: whether a[i + 1..] and b[j..] have a text in common.
        var below = new bool[b.Length + 1];
        var here = new bool[b.Length + 1];
        for (var i = a.Length; i >= 0; i--)
        {
            for (var j = b.Length; j >= 0; j--)
            {
                var starA = i < a.Length && a[i] == Star;
                var starB = j < b.Length && b[j] == Star;
                here[j] = (i == a.Length && j == b.Length)
                    || (starA && below[j])
                    || (starB && here[j + 1])
                    || (starA && j < b.Length && here[j + 1])
                    || (starB && i < a.Length && below[j])
                    || (i < a.Length && j < b.Length && a[i] == b[j] && below[j + 1]);
            }
            (below, here) = (here, below);
        }
        return !below[0];
    }

    /// <summary>Patterns that together match only what both match; empty when nothing is, or too much would have to be tried.</summary>
    public static IReadOnlyList<WildcardPattern> Intersect(WildcardPattern left, WildcardPattern right)
    {
        if (Covers(left, right))
        {
            return [right];
        }
        if (Covers(right, left))
        {
            return [left];
        }

        var a = Symbols(left);
        var b = Symbols(right);
        var whole = a;
        if (TrimEnds(ref a, ref b, out var start, out var end) || (a.Length + 1) * (b.Length + 1) > MaxIntersectionCells)
        {
            return [];
        }
        var prefix = whole[..start];
        var suffix = whole[^end..];
        var found = new List<WildcardPattern>();
        foreach (var middle in Common(a, b, 0, 0, []))
        {
            // Split at NUL gives the literal parts; FromParts makes one star of several.
            var pattern = WildcardPattern.FromParts((prefix + middle + suffix).Split(Star));
            if (!found.Exists(other => other.Covers(pattern)))
            {
                found.RemoveAll(pattern.Covers);
                found.Add(pattern);
            }
        }
        return found;
    }

    // Texts matched by *x and *y: one star ends first, so * followed by what x and *y share, or what *x and y share.
    // Memory and time are bounded by the number of cells times the number of results kept in each.
    private static List<string> Common(string a, string b, int i, int j, Dictionary<(int, int), List<string>> known)
    {
        if (known.TryGetValue((i, j), out var results))
        {
            return results;
        }
        results = [];
        var starA = i < a.Length && a[i] == Star;
        var starB = j < b.Length && b[j] == Star;
        if (i == a.Length && j == b.Length)
        {
            results.Add("");
        }
        else if (starA && starB)
        {
            Add("\0", Common(a, b, i + 1, j, known));
            Add("\0", Common(a, b, i, j + 1, known));
        }
        else if (starA)
        {
            Add("", Common(a, b, i + 1, j, known));
            if (j < b.Length)
            {
                Add(b[j].ToString(), Common(a, b, i, j + 1, known));
            }
        }
        else if (starB)
        {
            Add("", Common(a, b, i, j + 1, known));
            if (i < a.Length)
            {
                Add(a[i].ToString(), Common(a, b, i + 1, j, known));
            }
        }
        else if (i < a.Length && j < b.Length && a[i] == b[j])
        {
            Add(a[i].ToString(), Common(a, b, i + 1, j + 1, known));
        }
        known.Add((i, j), results);
        return results;

        void Add(string first, List<string> rest)
        {
            foreach (var text in rest)
            {
                var joined = first is "\0" && text.StartsWith(Star) ? text : first + text;
                if (results.Count < MaxIntersectionResults && !results.Contains(joined))
                {
                    results.Add(joined);
                }
            }
        }
    }

    private static string Symbols(WildcardPattern pattern) => string.Join(Star, pattern.Parts);

    private static bool TrimEnds(ref string a, ref string b) => TrimEnds(ref a, ref b, out _, out _);

    /// <summary>Takes off the literal characters that both begin and end with. True when they differ there, so that nothing is common.</summary>
    private static bool TrimEnds(ref string a, ref string b, out int start, out int end)
    {
        start = end = 0;
        var shorter = Math.Min(a.Length, b.Length);
        while (start < shorter && a[start] == b[start] && a[start] != Star)
        {
            start++;
        }
        if (Differ(start < a.Length ? a[start] : null, start < b.Length ? b[start] : null))
        {
            return true;
        }
        while (end < shorter - start && a[^(end + 1)] == b[^(end + 1)] && a[^(end + 1)] != Star)
        {
            end++;
        }
        if (end < shorter - start && Differ(a[^(end + 1)], b[^(end + 1)]))
        {
            return true;
        }
        a = a[start..^end];
        b = b[start..^end];
        return false;

        // At the end of one, only a star of the other can go on.
        static bool Differ(char? x, char? y) => x != y && x != Star && y != Star;
    }
}
