using System.Diagnostics.CodeAnalysis;
using Portcullis.Authority.Revocations;

namespace Portcullis.Authority.Issuing;

/// <summary>
/// What a child token dies with besides its own subject, session, client, key and the tokens it was made from, as <c>kind:value</c>: the client that its parent was issued to, the key that
/// signed that, and the token of whoever acts.
/// </summary>
internal static class DeathMark
{
    private static readonly (string Word, RevocationKind Kind)[] s_kinds =
    [
        ("token", RevocationKind.TokenId), ("session", RevocationKind.Session), ("client", RevocationKind.Client), ("key", RevocationKind.Key),
    ];

    public static string Write(RevocationKind kind, string value) => $"{s_kinds.First(known => known.Kind == kind).Word}:{value}";

    public static bool TryRead(string text, out RevocationKind kind, [NotNullWhen(true)] out string? value)
    {
        var colon = text.IndexOf(':');
        foreach (var (word, known) in s_kinds)
        {
            if (colon == word.Length && text.StartsWith(word, StringComparison.Ordinal))
            {
                (kind, value) = (known, text[(colon + 1)..]);
                return true;
            }
        }

        (kind, value) = (default, null);
        return false;
    }
}
