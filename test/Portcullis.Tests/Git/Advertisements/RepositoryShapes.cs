using System.Text;
using Portcullis.Git;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Git.Advertisements;

/// <summary>Repositories of every shape that refs can have.</summary>
internal static class RepositoryShapes
{
    public static readonly IReadOnlyDictionary<string, Func<ScratchRepository>> All = new Dictionary<string, Func<ScratchRepository>>
    {
        ["plain"] = () => Plain(ObjectFormat.Sha1),
        ["sha256"] = () => Plain(ObjectFormat.Sha256),
        ["packed"] = () =>
        {
            var repository = Plain(ObjectFormat.Sha1);
            repository.Run("pack-refs", "--all");
            repository.CreateRefs(repository.Run("rev-parse", "main"), "refs/heads/loose");
            return repository;
        },
        ["empty"] = () => new ScratchRepository(),
        ["empty sha256"] = () => new ScratchRepository(ObjectFormat.Sha256),
        ["unborn HEAD"] = () =>
        {
            var repository = new ScratchRepository();
            repository.CreateRefs(repository.Commit("first"), "refs/heads/other", "refs/tags/light");
            return repository;
        },
        ["detached HEAD"] = () =>
        {
            var repository = Plain(ObjectFormat.Sha1);
            repository.Run("update-ref", "--no-deref", "HEAD", repository.Run("rev-parse", "main"));
            return repository;
        },
        ["HEAD at a tag"] = () =>
        {
            var repository = Plain(ObjectFormat.Sha1);
            repository.Run("symbolic-ref", "HEAD", "refs/tags/v1");
            return repository;
        },
        ["odd names"] = () =>
        {
            var repository = new ScratchRepository();
            var first = repository.Commit("first");

            // .NET can't remove a file whose name isn't UTF-8; in packed-refs it is none.
            repository.CreateRefs(first, "refs/heads/\xff\xfe");
            repository.Run("pack-refs", "--all");
            repository.CreateRefs(
                first,
                "refs/heads/main", "refs/heads/-dash", "refs/heads/@", "refs/heads/HEAD", "refs/heads/a{b}c", "refs/heads/a\xc3\xa9", "refs/x", "refs/a/b/c/d/e/f",
                "refs/heads/" + new string('l', 200), "refs/heads/main-2", "refs/heads/main2/x", "refs/heads/mai", "refs/heads/'quoted\"$(x)", "refs/pull/1/head");
            return repository;
        },
        ["dangling and broken"] = () =>
        {
            var repository = Plain(ObjectFormat.Sha1);
            repository.Run("symbolic-ref", "refs/remotes/gone/HEAD", "refs/remotes/gone/main");
            File.WriteAllText(Path.Combine(repository.Folder, "refs/heads/broken"), new string('1', 40) + "\n");
            File.WriteAllText(Path.Combine(repository.Folder, "refs/heads/garbage"), "garbage\n");
            return repository;
        },
        ["shallow"] = () =>
        {
            using var origin = Plain(ObjectFormat.Sha1);
            var repository = new ScratchRepository();
            repository.Run("fetch", "-q", "--depth=1", "file://" + origin.Folder, "+refs/heads/*:refs/heads/*");
            return repository;
        },
    };

    public static TheoryData<string> Names => [.. All.Keys];

    /// <summary>A repository with refs by chance.</summary>
    public static ScratchRepository Random(int seed)
    {
        var repository = new ScratchRepository();
        var first = repository.Commit("first");
        var tag = MakeTag(repository, "t", first);
        var random = new Random(seed);
        string[] pieces = ["a", "b", "main", "v1", "-", "é", "x.y", "@", "{", "0"];
        var names = Enumerable.Range(0, 60)
            .Select(_ => "refs/" + (random.Next(3) switch { 0 => "heads/", 1 => "tags/", _ => "" })
                + string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => pieces[random.Next(pieces.Length)] + pieces[random.Next(pieces.Length)])))
            .Distinct().ToList();

        // No name may be a folder of another.
        names.RemoveAll(name => !RefName.TryParse(name, out _) || names.Any(other => other.StartsWith(name + "/", StringComparison.Ordinal)));
        foreach (var group in names.GroupBy(name => name.StartsWith("refs/heads/", StringComparison.Ordinal) ? 0 : random.Next(2)))
        {
            repository.CreateRefs(group.Key == 0 ? first : tag, group.Select(name => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(name))));
            if (random.Next(2) == 0)
            {
                repository.Run("pack-refs", "--all");
            }
        }

        repository.Run("symbolic-ref", "HEAD", random.Next(3) == 0 ? "refs/heads/unborn" : names.FirstOrDefault(name => name.StartsWith("refs/heads/", StringComparison.Ordinal)) ?? "refs/heads/main");
        return repository;
    }

    private static ScratchRepository Plain(ObjectFormat format)
    {
        var repository = new ScratchRepository(format);
        var first = repository.Commit("first");
        var second = repository.Commit("second", first);
        var tag = MakeTag(repository, "v1", first);
        repository.CreateRefs(second, "refs/heads/main", "refs/remotes/origin/main", "refs/notes/commits");
        repository.CreateRefs(first, "refs/heads/old", "refs/tags/light");
        repository.CreateRefs(tag, "refs/tags/v1");
        repository.CreateRefs(MakeTag(repository, "nested", tag), "refs/tags/nested");
        repository.CreateRefs(repository.EmptyTree, "refs/tags/tree");
        repository.Run("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");
        repository.Run("symbolic-ref", "refs/heads/alias", "refs/heads/main");
        return repository;
    }

    private static string MakeTag(ScratchRepository repository, string name, string id) => Encoding.ASCII.GetString(GitProgram.Run(
        repository.Folder,
        ["mktag"],
        Encoding.ASCII.GetBytes($"object {id}\ntype {repository.Run("cat-file", "-t", id)}\ntag {name}\ntagger A <a@example.com> 1700000000 +0000\n\nx\n"))).Trim();
}
