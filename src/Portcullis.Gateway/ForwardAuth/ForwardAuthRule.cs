using System.Diagnostics.CodeAnalysis;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>Which requests, and what opens them.</summary>
public sealed class ForwardAuthRule
{
    private readonly WildcardPattern _host;
    private readonly WildcardPattern[] _paths;
    private readonly WildcardPattern[] _pathsIgnoringCase;
    private readonly string[] _methods;

    private ForwardAuthRule(string host, string path, IEnumerable<string> methods, IReadOnlyList<ScopeWord> requires)
    {
        _host = Pattern(host.ToLowerInvariant());

        // /admin/* means /admin as well: a rule for all below a place that leaves the place itself to another rule is a trap.
        string[] paths = path.Length > 2 && path.EndsWith("/*", StringComparison.Ordinal) ? [path, path[..^2]] : [path];
        _paths = [.. paths.Select(Pattern)];
        _pathsIgnoringCase = [.. paths.Select(text => Pattern(text.ToLowerInvariant()))];
        _methods = [.. methods];
        Requires = requires;
        Text = $"{(_methods.Length == 0 ? "*" : string.Join(',', _methods))} {host}{path}";
    }

    /// <summary>What a token needs: all of these.</summary>
    public IReadOnlyList<ScopeWord> Requires { get; }

    /// <summary>The rule's condition as one line, for messages.</summary>
    public string Text { get; }

    /// <summary>Makes a rule.</summary>
    /// <param name="host">The host, in which <c>*</c> is any run of characters; without a port.</param>
    /// <param name="path">The path as it reads when nothing in it is escaped, in which <c>*</c> is any run of characters, <c>/</c> included. A last <c>/*</c> may also be nothing.</param>
    /// <param name="methods">The methods; none: every method.</param>
    /// <param name="requires">Permissions and scopes, all needed. At least one.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="problem">What is wrong, as a sentence.</param>
    public static bool TryCreate(
        string host, string path, IReadOnlyList<string> methods, IReadOnlyList<string> requires,
        [NotNullWhen(true)] out ForwardAuthRule? rule, [NotNullWhen(false)] out string? problem)
    {
        rule = null;
        problem = FindProblem(host, path, methods);
        var words = new List<ScopeWord>();
        foreach (var text in requires)
        {
            if (ScopeWord.TryParse(text, out var word, out var error))
            {
                words.Add(word);
            }
            else
            {
                problem ??= error.ToString();
            }
        }

        if (requires.Count == 0)
        {
            problem ??= "a rule names at least one permission or scope under 'requires'";
        }

        if (problem is null)
        {
            rule = new ForwardAuthRule(host, path, methods, words);
        }

        return rule is not null;
    }

    internal bool Matches(OriginalRequest request, bool ignoreCase) =>
        (_methods.Length == 0 || Array.IndexOf(_methods, request.Method) >= 0)
        && _host.IsMatch(request.Host)
        && (ignoreCase ? _pathsIgnoringCase : _paths).Any(pattern => pattern.IsMatch(ignoreCase ? request.Path.ToLowerInvariant() : request.Path));

    internal bool NamesMethods => _methods.Length > 0;

    private static string? FindProblem(string host, string path, IReadOnlyList<string> methods)
    {
        if (host.Length is 0 or > 253 || host.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '*' or '[' or ']' or ':')) || (host.Contains(':') && !host.StartsWith('[')))
        {
            return "a host is a name without a port, in which '*' stands for any characters, as in *.example.com";
        }

        if (!path.StartsWith('/') || path.AsSpan().ContainsAny("?#%;\\") || path.Any(char.IsControl))
        {
            return "a path begins with '/' and is written as it reads unescaped, without '?', '#', '%', ';' and '\\'";
        }

        if (path.Split('/').Skip(1).SkipLast(1).Any(segment => segment.Length == 0) || path.Split('/').Any(segment => segment is "." or ".."))
        {
            return "a path with '//', '.' or '..' would match no request: such requests are refused";
        }

        return methods.FirstOrDefault(method => method.Length is 0 or > 32 || !method.All(char.IsAsciiLetterUpper)) is { } wrong
            ? $"'{wrong}' is no method; methods are written in capitals, as in GET"
            : null;
    }

    private static WildcardPattern Pattern(string text) => WildcardPattern.FromParts(text.Split('*'));
}
