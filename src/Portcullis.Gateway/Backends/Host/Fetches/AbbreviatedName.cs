using Portcullis.Git.Advertisements;

namespace Portcullis.Gateway.Backends.Host.Fetches;

/// <summary>Finds the ref that an abbreviated name means, as git does (<c>ref_rev_parse_rules</c> in refs.c), among visible refs alone.</summary>
internal static class AbbreviatedName
{
    private static readonly string[] Prefixes = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];

    /// <summary>The full name, or null when no ref or more than one is meant.</summary>
    public static string? Resolve(string name, RefSnapshot visible)
    {
        var found = Prefixes.Select(prefix => prefix + name).Where(full => visible.Find(full) is not null).Take(2).ToList();
        return found.Count == 1 ? found[0] : null;
    }
}
