namespace Portcullis.Access;

/// <summary>Guesses which word was meant, for messages about words that are not known.</summary>
public static class Spelling
{
    private const int MaxLength = 64;

    /// <summary>The candidate nearest to a misspelt word, or null when none is near: at most two letters differ, and fewer than half of them.</summary>
    public static string? Nearest(ReadOnlySpan<char> word, params IEnumerable<string> candidates)
    {
        string? nearest = null;
        var smallest = Math.Min(3, (word.Length / 2) + 1);
        foreach (var candidate in candidates)
        {
            var distance = Distance(word, candidate);
            if (distance < smallest)
            {
                (nearest, smallest) = (candidate, distance);
            }
        }
        return nearest;
    }

    // Levenshtein's distance, ignoring case.
    private static int Distance(ReadOnlySpan<char> word, string candidate)
    {
        if (word.Length > MaxLength || candidate.Length > MaxLength)
        {
            return int.MaxValue;
        }
        Span<int> row = stackalloc int[MaxLength + 1];
        row = row[..(candidate.Length + 1)];
        for (var column = 0; column < row.Length; column++)
        {
            row[column] = column;
        }
        foreach (var letter in word)
        {
            var diagonal = row[0]++;
            for (var column = 1; column < row.Length; column++)
            {
                var same = char.ToLowerInvariant(letter) == char.ToLowerInvariant(candidate[column - 1]);
                var substituted = diagonal + (same ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.Min(substituted, Math.Min(row[column], row[column - 1]) + 1);
            }
        }
        return row[^1];
    }
}
