namespace Portcullis.Gateway.Backends.Host.Repositories;

/// <summary>Where a path leads once every symbolic link in it, at any level and in the links themselves, is followed (realpath(3)).</summary>
internal static class FinalPath
{
    // As many as the kernel follows (path_resolution(7)).
    private const int MaxLinks = 40;

    /// <summary>Follows the links in a path. What does not exist yet stands for itself. Null where there are too many links, as in a circle.</summary>
    public static string? Of(string path)
    {
        var rest = new Stack<string>();
        var links = 0;
        var current = Begin(Path.GetFullPath(path), rest);
        while (rest.TryPop(out var name))
        {
            var next = Path.GetFullPath(name, current);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                current = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                return null;
            }

            // Links are followed from the place where they are, which is final already.
            current = Path.IsPathRooted(target) ? Begin(target, rest) : Push(target, current, rest);
        }

        return current;
    }

    private static string Begin(string path, Stack<string> rest)
    {
        var top = Path.GetPathRoot(path)!;
        return Push(path[top.Length..], top, rest);
    }

    private static string Push(string path, string current, Stack<string> rest)
    {
        foreach (var name in path.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            rest.Push(name);
        }

        return current;
    }
}
