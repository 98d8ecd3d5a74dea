using Portcullis.Access;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Authority.Pages;

/// <summary>A permission in plain words, for the person who is asked to agree to it.</summary>
internal static class PermissionWords
{
    public static string Describe(Permission permission)
    {
        var what = new List<string>();
        AccessAction actions = permission.Actions;
        if (actions.HasFlag(AccessAction.Pull))
        {
            what.Add("read");
        }

        if (actions.HasFlag(AccessAction.Create | AccessAction.Update))
        {
            what.Add("push to");
        }
        else if (actions.HasFlag(AccessAction.Create))
        {
            what.Add("create");
        }
        else if (actions.HasFlag(AccessAction.Update))
        {
            what.Add("push new commits to");
        }

        if (actions.HasFlag(AccessAction.Force))
        {
            what.Add("rewrite");
        }

        if (actions.HasFlag(AccessAction.Delete))
        {
            what.Add("delete");
        }

        var repository = Repository(permission.Repository.ToString()!);
        var text = what.Count == 0 ? "" : $"{Join(what)} {Refs(permission)} of {repository}";
        if (actions.HasFlag(AccessAction.Init))
        {
            text = text.Length == 0 ? $"create {repository} by pushing to it" : $"{text}, and create the repository by pushing to it";
        }

        return char.ToUpperInvariant(text[0]) + text[1..];
    }

    /// <summary>A scope of another service in plain words. What it opens there only that service knows.</summary>
    public static string Describe(ServiceScope scope)
    {
        if (scope.Registry is not { } registry)
        {
            return $"Use {scope.Service}: {scope.ToString()[(scope.Service.Length + 1)..]}";
        }

        var what = RegistryAccess.WordsFor(registry.Actions).Select(word => word == "push" ? "push to" : word).ToArray();
        var text = Join(what);
        return $"{char.ToUpperInvariant(text[0])}{text[1..]} {Images(registry.Repositories.ToString())} in the container registry";
    }

    private static string Images(string pattern) =>
        pattern == "*" ? "every image repository"
        : !pattern.Contains('*') ? $"image repository {pattern}"
        : pattern.EndsWith("/*", StringComparison.Ordinal) && !pattern[..^1].Contains('*') ? $"every image repository below {pattern[..^1]}"
        : $"every image repository named {pattern}";

    private static string Refs(Permission permission)
    {
        string[] included = [.. permission.Refs.Where(r => !r.IsExclusion).Select(r => Ref(r.Pattern))];
        string[] excluded = [.. permission.Refs.Where(r => r.IsExclusion).Select(r => Ref(r.Pattern))];
        var text = included.Length == 0 ? "every branch and tag" : Join(included);
        return excluded.Length == 0 ? text : $"{text} (but not {Join(excluded)})";
    }

    private static string Ref(WildcardPattern pattern)
    {
        var text = pattern.ToString();
        return text switch
        {
            "*" or "refs/*" => "every branch and tag",
            "refs/heads/*" => "any branch",
            "refs/tags/*" => "any tag",
            _ when text.StartsWith("refs/heads/", StringComparison.Ordinal) => Named("branch", "branches", text["refs/heads/".Length..]),
            _ when text.StartsWith("refs/tags/", StringComparison.Ordinal) => Named("tag", "tags", text["refs/tags/".Length..]),
            _ => Named("ref", "refs", text),
        };
    }

    private static string Named(string one, string many, string pattern) =>
        !pattern.Contains('*') ? $"{one} {pattern}"
        : pattern.EndsWith("/*", StringComparison.Ordinal) && !pattern[..^1].Contains('*') ? $"{many} below {pattern[..^1]}"
        : $"{many} named {pattern}";

    private static string Repository(string pattern) =>
        pattern == "*" ? "every repository"
        : !pattern.Contains('*') ? pattern
        : pattern.EndsWith("/*", StringComparison.Ordinal) && !pattern[..^1].Contains('*') ? $"every repository below {pattern[..^1]}"
        : $"every repository named {pattern}";

    private static string Join(IReadOnlyList<string> words) => words.Count switch
    {
        1 => words[0],
        _ => string.Join(", ", words.Take(words.Count - 1)) + " and " + words[^1],
    };
}
