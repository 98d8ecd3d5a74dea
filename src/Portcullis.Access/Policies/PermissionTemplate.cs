using System.Diagnostics.CodeAnalysis;
using System.Text;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Access.Policies;

/// <summary>A role's permission, or scope of another service, with its placeholders. <c>{repository}</c> takes a pattern, <c>{sub}</c> takes a name that is encoded, so that it can't act as a pattern.</summary>
internal sealed class PermissionTemplate
{
    private const string RepositoryMark = "{repository}";
    private const string SubjectMark = "{sub}";

    private readonly string _text;

    private PermissionTemplate(string text, string origin) => (_text, Origin) = (text, origin);

    public string Origin { get; }

    public bool UsesRepository => _text.Contains(RepositoryMark, StringComparison.Ordinal);

    public bool UsesSubject => _text.Contains(SubjectMark, StringComparison.Ordinal);

    public static bool TryParse(string text, string origin, [NotNullWhen(true)] out PermissionTemplate? template, [NotNullWhen(false)] out string? problem)
    {
        template = null;
        problem = FindPlaceholderProblem(text);
        if (problem is null)
        {
            var candidate = new PermissionTemplate(text, origin);
            if (candidate.TryFill("*", "sub", out _, out var error))
            {
                template = candidate;
                return true;
            }
            // Positions after a placeholder would not be those of the text that its author sees.
            var brace = text.IndexOf('{');
            problem = brace < 0 || error.Position < brace ? $"{error.Message} (at character {error.Position + 1})" : error.Message;
        }
        return false;
    }

    /// <summary>The same with <c>{repository}</c> replaced. It can fail: <c>{repository}.git</c> is fine for <c>*</c> and for no repository.</summary>
    public bool TryFor(
        RepositoryPattern repository, [NotNullWhen(true)] out PermissionTemplate? template, [NotNullWhen(false)] out string? problem)
    {
        var filled = new PermissionTemplate(_text.Replace(RepositoryMark, repository.ToString(), StringComparison.Ordinal), Origin);
        var read = filled.TryFill("", "sub", out _, out var error);
        template = read ? filled : null;
        problem = error?.Message;
        return read;
    }

    /// <summary>
    /// The permission for a subject, or null when none can be made. A subject with a slash in it gets none: <c>users/{sub}/*</c> would give
    /// the subject <c>alice/x</c> a place inside that of <c>alice</c>.
    /// </summary>
    public ScopeWord? For(string subject) =>
        subject.Length > 0 && !subject.Contains('/') && TryFill("", subject, out var word, out _) ? word : null;

    /// <summary>The permission when nothing is left to replace.</summary>
    public ScopeWord Fill() => ScopeWord.Parse(_text, Origin);

    private bool TryFill(
        string repository, string subject, out ScopeWord word, [NotNullWhen(false)] out PermissionSyntaxError? error) =>
        ScopeWord.TryParse(
            new StringBuilder(_text).Replace(RepositoryMark, repository).Replace(SubjectMark, WildcardPattern.Encode(subject)).ToString(),
            out word,
            out error,
            Origin);

    private static string? FindPlaceholderProblem(string text)
    {
        // The repository part ends at the first '@' or at the ':' after that of "git:" or "registry:".
        var start = text.StartsWith(ServiceScope.RegistryPrefix, StringComparison.Ordinal) ? ServiceScope.RegistryPrefix.Length : Permission.Prefix.Length;
        var repositoryEnd = text.Length <= start ? -1 : text.IndexOfAny(['@', ':'], start);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '}')
            {
                return "'}' without '{'; one that is meant literally is written %7D";
            }
            if (text[i] != '{')
            {
                continue;
            }
            var rest = text.AsSpan(i);
            var length = rest.StartsWith(RepositoryMark) ? RepositoryMark.Length : rest.StartsWith(SubjectMark) ? SubjectMark.Length : 0;
            if (length == 0)
            {
                return "the placeholders are {repository} and {sub}; a '{' that is meant literally is written %7B";
            }
            if (length == RepositoryMark.Length && i > repositoryEnd)
            {
                return "{repository} stands for the binding's repositories, so it belongs before '@' and ':'";
            }
            if ((i > 0 && text[i - 1] is '*' or '}') || (i + length < text.Length && text[i + length] is '*' or '{'))
            {
                return "a placeholder beside '*' or another placeholder would match more than it names; put a '/' between them";
            }
            i += length - 1;
        }
        return null;
    }
}
