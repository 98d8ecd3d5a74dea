namespace Portcullis.Tests.Architecture;

/// <summary>The working tree that these tests were built from.</summary>
internal static class RepositoryTree
{
    public static string Root { get; } = FindRoot();

    /// <summary>The C# files of the product, as paths from the root with forward slashes.</summary>
    public static IEnumerable<string> Sources => Files("src", "*.cs");

    /// <summary>The C# files of the tests.</summary>
    public static IEnumerable<string> Tests => Files("test", "*.cs");

    /// <summary>The Markdown files.</summary>
    public static IEnumerable<string> Documents
        => Files("docs", "*.md").Concat(Directory.EnumerateFiles(Root, "*.md").Select(path => Path.GetFileName(path)));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static bool Exists(string path) => Path.Exists(Path.Combine(Root, path));

    /// <summary>A file's text without line comments and documentation, in which a word is only a mention.</summary>
    public static string Code(string path)
        => string.Join('\n', Read(path).Split('\n').Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)));

    private static IEnumerable<string> Files(string folder, string pattern)
        => Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Contains("/obj/") && !path.Contains("/bin/"))
            .Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Portcullis.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests don't run inside the working tree.");
        }

        return folder;
    }
}
