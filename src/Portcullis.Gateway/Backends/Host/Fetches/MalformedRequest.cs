namespace Portcullis.Gateway.Backends.Host.Fetches;

/// <summary>
/// Tells from git's last words whether the request was at fault. A caller who sees every ref is streamed to git untouched, so that git alone reads the
/// request; what it says only chooses between two words for a failure.
/// </summary>
internal static class MalformedRequest
{
    // upload-pack.c, serve.c, pkt-line.c, list-objects-filter-options.c.
    private static readonly string[] s_phrases =
    [
        "protocol error", "bad line length", "expected flush", "expected to get", "hung up unexpectedly", "invalid command", "no command requested",
        "requested after already requesting", "unexpected line", "unknown capability", "unknown object format", "mismatched object format", "invalid shallow line",
        "Invalid deepen", "filter-spec",
    ];

    /// <summary>Whether git's error text blames the request.</summary>
    public static bool IsBlamedBy(string errorText) => s_phrases.Any(phrase => errorText.Contains(phrase, StringComparison.Ordinal));
}
