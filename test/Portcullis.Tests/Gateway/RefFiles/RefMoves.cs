using System.Text;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Tests.Git;
using Portcullis.Tests.Git.Advertisements;

namespace Portcullis.Tests.Gateway.RefFiles;

/// <summary>All the ways in which refs are moved behind the gateway's back, by git, by other programs and by hand.</summary>
internal static class RefMoves
{
    private const string Id1 = "1111111111111111111111111111111111111111";

    public static IReadOnlyDictionary<string, Action<ScratchRepository>> All { get; } = new Dictionary<string, Action<ScratchRepository>>
    {
        ["a branch is made"] = r => r.Run("update-ref", "refs/heads/new", r.Run("rev-parse", "main")),
        ["a branch is made in a new folder"] = r => r.Run("update-ref", "refs/heads/a/b/c", r.Run("rev-parse", "main")),
        ["a branch moves"] = r => r.Run("update-ref", "refs/heads/main", r.Run("rev-parse", "old")),
        ["a branch moves to a new commit"] = r => r.Run("update-ref", "refs/heads/main", r.Commit("third", r.Run("rev-parse", "main"))),
        ["a branch is deleted"] = r => r.Run("update-ref", "-d", "refs/heads/old"),
        ["refs are packed"] = r => r.Run("pack-refs", "--all"),
        ["refs are packed, and one moves"] = r =>
        {
            r.Run("pack-refs", "--all");
            r.Run("update-ref", "refs/heads/main", r.Run("rev-parse", "old"));
        },
        ["refs are packed, and one is deleted"] = r =>
        {
            r.Run("pack-refs", "--all");
            r.Run("update-ref", "-d", "refs/heads/old");
        },
        ["everything is collected"] = r => r.Run("gc", "-q", "--prune=now"),
        ["a tag is made"] = r => r.Run("tag", "-a", "-m", "x", "new", "main"),
        ["a tag of a tag is made"] = r => r.Run("-c", "advice.nestedTag=false", "tag", "-a", "-m", "x", "deeper", "nested"),
        ["HEAD points elsewhere"] = r => r.Run("symbolic-ref", "HEAD", "refs/heads/old"),
        ["HEAD points nowhere"] = r => r.Run("symbolic-ref", "HEAD", "refs/heads/none"),
        ["HEAD is detached"] = r => r.Run("update-ref", "--no-deref", "HEAD", r.Run("rev-parse", "old")),
        ["a symbolic ref is made"] = r => r.Run("symbolic-ref", "refs/heads/link", "refs/tags/v1"),
        ["a symbolic ref to a symbolic ref is made"] = r => r.Run("symbolic-ref", "refs/heads/link", "refs/heads/alias"),
        ["a symbolic ref in a circle is made"] = r => r.Run("symbolic-ref", "refs/heads/link", "refs/heads/link"),
        ["the target of a symbolic ref goes away"] = r => r.Run("update-ref", "-d", "refs/remotes/origin/main"),
        ["a file is overwritten in place"] = r => Overwrite(r, "refs/heads/main", r.Run("rev-parse", "old") + "\n"),
        ["a file is overwritten and its time put back"] = r =>
        {
            var path = Path.Combine(r.Folder, "refs/heads/main");
            var time = File.GetLastWriteTimeUtc(path);
            Overwrite(r, "refs/heads/main", r.Run("rev-parse", "old") + "\n");
            File.SetLastWriteTimeUtc(path, time);
        },
        ["a file is replaced"] = r =>
        {
            File.WriteAllText(Path.Combine(r.Folder, "x"), r.Run("rev-parse", "old") + "\n");
            File.Move(Path.Combine(r.Folder, "x"), Path.Combine(r.Folder, "refs/heads/main"), overwrite: true);
        },
        ["a file is removed"] = r => File.Delete(Path.Combine(r.Folder, "refs/heads/old")),
        ["a folder is removed"] = r => Directory.Delete(Path.Combine(r.Folder, "refs/remotes/origin"), recursive: true),
        ["a folder is swapped for an empty one"] = r =>
        {
            Directory.Move(Path.Combine(r.Folder, "refs/remotes/origin"), Path.Combine(r.Folder, "away"));
            Directory.CreateDirectory(Path.Combine(r.Folder, "refs/remotes/other"));
        },
        ["a folder is renamed"] = r => Directory.Move(Path.Combine(r.Folder, "refs/remotes/origin"), Path.Combine(r.Folder, "refs/remotes/renamed")),
        ["an empty folder stands where a packed branch is"] = r =>
        {
            r.Run("pack-refs", "--all");
            Directory.CreateDirectory(Path.Combine(r.Folder, "refs/heads/old"));
        },
        ["a lock is left behind"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/main.lock"), ""),
        ["a hidden file appears"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/.hidden"), "x"),
        ["a file of garbage appears"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/garbage"), "garbage\n"),
        ["an empty file appears"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/nothing"), ""),
        ["a file with a bad name appears"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/bad..name"), r.Run("rev-parse", "main") + "\n"),
        ["a file in capitals appears"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/capitals"), r.Run("rev-parse", "main").ToUpperInvariant() + "\n"),
        ["a file with more behind the id appears"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/more"), r.Run("rev-parse", "main") + " and more\n"),
        ["a file without a newline appears"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/short"), r.Run("rev-parse", "main")),
        ["a file of zeros appears"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/zeros"), new string('0', 40) + "\n"),
        ["a ref to a missing object appears"] = r => File.WriteAllText(Path.Combine(r.Folder, "refs/heads/missing"), Id1 + "\n"),
        ["a link to a ref appears"] = r => File.CreateSymbolicLink(Path.Combine(r.Folder, "refs/heads/linked"), "main"),
        ["a link to a folder appears"] = r => Directory.CreateSymbolicLink(Path.Combine(r.Folder, "refs/linked"), "heads"),
        ["the packed file is a link"] = r =>
        {
            r.Run("pack-refs", "--all");
            File.Move(Path.Combine(r.Folder, "packed-refs"), Path.Combine(r.Folder, "elsewhere"));
            File.CreateSymbolicLink(Path.Combine(r.Folder, "packed-refs"), "elsewhere");
        },
        ["the packed file is overwritten in place"] = r =>
        {
            r.Run("pack-refs", "--all");
            var text = File.ReadAllText(Path.Combine(r.Folder, "packed-refs"));
            Overwrite(r, "packed-refs", text.Replace(r.Run("rev-parse", "main"), r.Run("rev-parse", "old"), StringComparison.Ordinal));
        },
        ["the packed file is written by a program that does not sort"] = r =>
        {
            r.Run("pack-refs", "--all");
            File.WriteAllText(Path.Combine(r.Folder, "packed-refs"), $"{r.Run("rev-parse", "main")} refs/heads/z\n{r.Run("rev-parse", "v1")} refs/tags/v1\n{r.Run("rev-parse", "old")} refs/heads/a\n");
        },
        ["the packed file goes away"] = r =>
        {
            r.Run("pack-refs", "--all");
            File.Delete(Path.Combine(r.Folder, "packed-refs"));
        },
        ["an object is replaced"] = r => r.Run("replace", r.Run("rev-parse", "v1"), r.Run("rev-parse", "nested")),
        ["refs are hidden"] = r => r.Run("config", "transfer.hideRefs", "refs/remotes"),
        ["refs are hidden from fetches, but for some"] = r =>
        {
            r.Run("config", "--add", "uploadpack.hideRefs", "refs/");
            r.Run("config", "--add", "uploadpack.hideRefs", "!refs/heads/");
            r.Run("config", "--add", "uploadpack.hideRefs", "^refs/heads/old");
        },
        ["refs are hidden from pushes"] = r => r.Run("config", "receive.hideRefs", "refs/tags/"),
        ["refs are hidden by a file that is included"] = r =>
        {
            File.WriteAllText(Path.Combine(r.Folder, "more"), "[transfer]\n\thideRefs = refs/tags\n");
            r.Run("config", "include.path", "more");
        },
        ["what refs are hidden depends on the branch"] = r =>
        {
            File.WriteAllText(Path.Combine(r.Folder, "more"), "[transfer]\n\thideRefs = refs/tags\n");
            r.Run("config", "includeIf.onbranch:main.path", "more");
        },
        ["a HEAD without a branch is not shown"] = r =>
        {
            r.Run("config", "lsrefs.unborn", "ignore");
            r.Run("symbolic-ref", "HEAD", "refs/heads/none");
        },
        ["its history is cut"] = r => File.WriteAllText(Path.Combine(r.Folder, "shallow"), r.Run("rev-parse", "main") + "\n"),
        ["a work tree is added"] = r => r.Run("worktree", "add", "-q", "--detach", Path.Combine(r.Folder, "tree"), "main"),
        ["refs are in a namespace"] = r => r.Run("update-ref", "refs/namespaces/n/refs/heads/main", r.Run("rev-parse", "main")),
        ["it is another repository"] = r =>
        {
            Directory.Move(r.Folder, r.Folder + "-old");
            Directory.CreateDirectory(r.Folder);
            r.Run("init", "--bare", "-q", "--initial-branch=main", ".");
            r.Run("mktree");
            r.Run("update-ref", "refs/heads/main", r.Commit("another"));
            Directory.Delete(r.Folder + "-old", recursive: true);
        },
    };

    public static TheoryData<string> Names => [.. All.Keys];

    /// <summary>Moves, and compares what is held with what git says.</summary>
    public static async Task CompareAfterAsync(string move, HeldRefs held, ScratchRepository repository)
    {
        var main = repository.Run("rev-parse", "main");
        All[move](repository);
        await DifferentialTests.CompareHeldAsync(held, repository);

        // What was learned just now is moved once more.
        File.WriteAllText(Path.Combine(repository.Folder, "refs/heads/last"), main + "\n");
        Assert.Equal(Wire.Text(repository.Listing()), Listed(await held.ForFetchAsync(repository.Folder)));
    }

    public static string Listed(RefSnapshot refs) => Wire.Text(Wire.Written(output => LsRefsResponseWriter.Write(output, LsRefsRequest.Everything, refs)));

    /// <summary>Writes without a new file, as an editor or a script might.</summary>
    public static void Overwrite(ScratchRepository repository, string name, string content)
    {
        using var file = File.OpenHandle(Path.Combine(repository.Folder, name), FileMode.Open, FileAccess.Write);
        var bytes = Encoding.UTF8.GetBytes(content);
        RandomAccess.Write(file, bytes, 0);
        RandomAccess.SetLength(file, bytes.Length);
    }
}
