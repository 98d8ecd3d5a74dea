using Portcullis.Git;

namespace Portcullis.Server.Demo;

/// <summary>The demo repository's history: a few commits that say what the demo shows.</summary>
internal static class DemoHistory
{
    private static readonly DateTimeOffset s_start = new(2025, 10, 6, 9, 0, 0, TimeSpan.Zero);

    /// <summary>Makes the history.</summary>
    /// <returns>The pack, and the commit for <c>refs/heads/main</c>.</returns>
    public static (byte[] Pack, ObjectId Main) Create()
    {
        var pack = new PackBuilder();
        var files = new Dictionary<string, ObjectId>(StringComparer.Ordinal);
        ObjectId? last = null;
        var day = 0;
        foreach (var (author, file, content, message) in Steps())
        {
            files[file] = pack.AddBlob(content);
            last = pack.AddCommit(pack.AddTree(files), last, author, s_start.AddDays(day++), message);
        }

        return (pack.ToArray(), last!.Value);
    }

    private static IEnumerable<(string Author, string File, string Content, string Message)> Steps()
    {
        const string Grace = "Grace <grace@example.com>";
        const string Linus = "Linus <linus@example.com>";
        yield return (Grace, "README.md", "# app\n\nA repository behind Portcullis.\n", "Begin");
        yield return (Grace, "greet.sh", "#!/bin/sh\necho \"Hello, ${1:-world}!\"\n", "Greet whoever comes");
        yield return (Linus, "README.md", "# app\n\nA repository behind Portcullis.\n\nRun `sh greet.sh NAME`.\n", "Say how to run it");
        yield return (Linus, "BRANCHES.md", "# Branches\n\n`main` is for releases. Everybody works below a branch of their own, as in `alice/topic`.\n", "Say who works where");
        yield return (Grace, "greet.sh", "#!/bin/sh\nset -eu\necho \"Hello, ${1:-world}!\"\n", "Stop at the first error");
    }
}
