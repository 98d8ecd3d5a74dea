using System.Security.Cryptography;
using System.Text;

namespace Portcullis.Tokens.Revocation;

/// <summary>How the feed names what was revoked: whoever knows the name recognises it, nobody else learns it from the feed.</summary>
internal static class RevocationDigest
{
    private static readonly (string Word, RevocationKind Kind)[] s_words =
    [
        ("token", RevocationKind.Token), ("session", RevocationKind.Session), ("subject", RevocationKind.Subject), ("client", RevocationKind.Client), ("key", RevocationKind.Key),
    ];

    /// <summary>The feed's word for a kind.</summary>
    public static string Word(RevocationKind kind) => Array.Find(s_words, entry => entry.Kind == kind).Word;

    /// <summary>The kind of a word; null for one that this version doesn't know.</summary>
    public static RevocationKind? Kind(string word)
    {
        foreach (var (candidate, kind) in s_words)
        {
            if (word == candidate)
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>SHA-256 over the word, a colon and the value, in base64url.</summary>
    public static string Of(RevocationKind kind, string value) => Of($"{Word(kind)}:{value}");

    /// <summary>The same of the whole text.</summary>
    public static string Of(string text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), digest);
        return System.Buffers.Text.Base64Url.EncodeToString(digest);
    }
}
