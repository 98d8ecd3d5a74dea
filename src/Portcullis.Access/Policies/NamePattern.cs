using System.Diagnostics.CodeAnalysis;
using System.Text;
using Portcullis.Git.Names;

namespace Portcullis.Access.Policies;

/// <summary>
/// Patterns over names that are no Git names: subjects and claims. <c>*</c> and <c>%XX</c> as in the notation; the characters that separate there
/// (<c>, : @ ^</c>), spaces and all scripts stand for themselves, since nothing else shares the text.
/// </summary>
internal static class NamePattern
{
    public static bool TryParse(string text, [NotNullWhen(true)] out WildcardPattern? pattern, [NotNullWhen(false)] out string? problem)
    {
        var encoded = new StringBuilder();
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var length = rest.IndexOfAny('*', '%');
            length = length < 0 ? rest.Length : length;
            encoded.Append(WildcardPattern.Encode(rest[..length].ToString()));
            if (length < rest.Length)
            {
                encoded.Append(rest[length++]);
            }
            rest = rest[length..];
        }
        var read = WildcardPattern.TryParse(encoded.ToString(), out pattern, out var found);
        problem = read ? null : found.Message;
        return read;
    }
}
