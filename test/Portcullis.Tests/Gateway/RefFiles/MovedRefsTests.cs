using System.Text;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Tests.Git;
using Portcullis.Tests.Git.Advertisements;

namespace Portcullis.Tests.Gateway.RefFiles;

/// <summary>Refs moved behind the gateway's back, by git, by other programs and by hand: what it holds of them is never served once it is old.</summary>
public sealed class MovedRefsTests : IClassFixture<MovedRefsTests.Original>
{
    private const string Id1 = "1111111111111111111111111111111111111111";

    private static readonly Dictionary<string, Action<ScratchRepository>> s_moves = new()
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

    private readonly Original original;

    public MovedRefsTests(Original original) => this.original = original;

    public static TheoryData<string> Moves => [.. s_moves.Keys];

    [Theory]
    [MemberData(nameof(Moves))]
    public async Task After_any_move_the_answer_is_git_s_own(string move)
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        await held.ForFetchAsync(repository.Folder);
        await held.ForPushAsync(repository.Folder);
        s_moves[move](repository);
        await DifferentialTests.CompareHeldAsync(held, repository);

        // What was learned just now is moved once more.
        File.WriteAllText(Path.Combine(repository.Folder, "refs/heads/last"), original.Main + "\n");
        Assert.Equal(Wire.Text(repository.Listing()), Listed(await held.ForFetchAsync(repository.Folder)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task After_many_moves_in_any_order_the_answer_is_git_s_own(int seed)
    {
        var random = new Random(seed);
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        string[] refs = ["refs/heads/main", "refs/heads/a", "refs/heads/b/c", "refs/tags/t", "refs/heads/b/d", "refs/x"];
        string[] ids = [repository.Run("rev-parse", "main"), repository.Run("rev-parse", "old"), repository.Run("rev-parse", "v1")];
        for (var round = 0; round < 40; round++)
        {
            var name = refs[random.Next(refs.Length)];
            var id = ids[random.Next(name.StartsWith("refs/heads/", StringComparison.Ordinal) ? 2 : 3)];
            switch (random.Next(6))
            {
                case 0 when File.Exists(Path.Combine(repository.Folder, name)):
                    Overwrite(repository, name, id + "\n");
                    break;
                case 1:
                    repository.Run("update-ref", "-d", name);
                    break;
                case 2:
                    repository.Run("pack-refs", "--all", "--prune");
                    break;
                case 3:
                    repository.Run("symbolic-ref", "HEAD", refs[random.Next(3)]);
                    break;
                default:
                    repository.Run("update-ref", name, id);
                    break;
            }

            var expected = repository.Listing();
            Assert.Equal(Wire.Text(expected), Listed(await held.ForFetchAsync(repository.Folder)));
        }
    }

    [Fact]
    public async Task A_file_that_changes_faster_than_the_clock_is_read_again()
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        var ids = new[] { repository.Run("rev-parse", "main"), repository.Run("rev-parse", "old") };
        for (var round = 0; round < 1000; round++)
        {
            // The same length in the same file within the same tick: only the content tells.
            Overwrite(repository, "refs/heads/main", ids[round % 2] + "\n");
            Assert.Equal(ids[round % 2], (await held.ForFetchAsync(repository.Folder)).Find("refs/heads/main")!.Value.Id.ToString());
        }
    }

    [Fact]
    public async Task What_was_moved_while_many_ask_is_seen_by_whoever_asks_afterwards()
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        var ids = new[] { repository.Run("rev-parse", "main"), repository.Run("rev-parse", "old") };
        using var stop = new CancellationTokenSource();
        var others = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.NotNull((await held.ForFetchAsync(repository.Folder)).Find("refs/heads/old"));
            }
        })).ToList();
        for (var round = 0; round < 200; round++)
        {
            var path = Path.Combine(repository.Folder, "refs/heads/main");
            File.WriteAllText(path + ".lock", ids[round % 2] + "\n");
            File.Move(path + ".lock", path, overwrite: true);
            Assert.Equal(ids[round % 2], (await held.ForFetchAsync(repository.Folder)).Find("refs/heads/main")!.Value.Id.ToString());
        }

        await stop.CancelAsync();
        await Task.WhenAll(others);
    }

    [Fact]
    public async Task A_state_of_the_refs_has_its_name_until_somebody_touches_it_even_if_all_is_the_same_again()
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        var name = await held.NameAsync(repository.Folder);
        Assert.NotNull(name);
        Assert.Equal(name, await held.NameAsync(repository.Folder));
        await held.WithoutGitAsync(repository.Folder);
        Assert.Equal(name, await held.NameAsync(repository.Folder));
        var old = repository.Run("rev-parse", "old");
        repository.Run("update-ref", "refs/heads/old", original.Main);
        repository.Run("update-ref", "refs/heads/old", old);
        var moved = await held.NameAsync(repository.Folder);
        Assert.NotEqual(name, moved);
        repository.Run("config", "x.y", "z");
        var configured = await held.NameAsync(repository.Folder);
        Assert.NotEqual(moved, configured);
        repository.Run("pack-refs", "--all");
        Assert.NotEqual(configured, await held.NameAsync(repository.Folder));
        repository.Run("config", "uploadpack.packObjectsHook", "true");
        Assert.Null(await held.NameAsync(repository.Folder));
    }

    [Fact]
    public async Task A_tag_that_comes_later_is_known_for_what_it_stands_for()
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        repository.Run("tag", "-a", "-m", "x", "late", "main");
        var tag = repository.Run("rev-parse", "late");
        var path = Path.Combine(repository.Folder, "objects", tag[..2], tag[2..]);
        File.Move(path, path + ".away");
        Assert.Null((await held.ForFetchAsync(repository.Folder)).Find("refs/tags/late")!.Value.Peeled);
        File.Move(path + ".away", path);
        Assert.NotNull((await held.ForFetchAsync(repository.Folder)).Find("refs/tags/late")!.Value.Peeled);
    }

    [Fact]
    public async Task The_operator_s_configuration_counts_from_the_moment_it_is_written()
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        Assert.NotNull((await held.ForFetchAsync(repository.Folder)).Find("refs/notes/commits"));
        File.WriteAllText(held.OperatorConfiguration, "[transfer]\n\thideRefs = refs/notes\n[uploadpack]\n\tallowAnySHA1InWant = true\n");
        Assert.Null((await held.ForFetchAsync(repository.Folder)).Find("refs/notes/commits"));
        Assert.Contains("allow-reachable-sha1-in-want", (await held.FactsAsync(repository.Folder)).UploadPack!.ToString(), StringComparison.Ordinal);
        File.Delete(held.OperatorConfiguration);
        Assert.NotNull((await held.ForFetchAsync(repository.Folder)).Find("refs/notes/commits"));
    }

    [Fact]
    public async Task A_repository_that_borrows_objects_tells_of_them_to_pushers()
    {
        using var held = new HeldRefs();
        using var lender = original.Repository.Copy();
                using var borrower = new ScratchRepository();
        Assert.Empty((await held.ForPushAsync(borrower.Folder)).Haves);
        File.WriteAllText(Path.Combine(borrower.Folder, "objects/info/alternates"), Path.Combine(lender.Folder, "objects") + "\n");
        Assert.NotEmpty((await held.ForPushAsync(borrower.Folder)).Haves);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("sha256")]
    [InlineData("packed")]
    [InlineData("empty")]
    [InlineData("unborn HEAD")]
    [InlineData("detached HEAD")]
    [InlineData("HEAD at a tag")]
    [InlineData("odd names")]
    [InlineData("shallow")]
    public async Task A_repository_at_rest_is_answered_without_git(string shape)
    {
        using var held = new HeldRefs();
        using var repository = RepositoryShapes.All[shape]();
        Assert.NotNull(await held.WithoutGitAsync(repository.Folder));
        var started = held.Git.Started;
        Assert.NotNull(await held.WithoutGitAsync(repository.Folder));
        Assert.Equal(started, held.Git.Started);
    }

    [Fact]
    public async Task Fifty_thousand_refs_are_git_s_own_and_git_is_asked_only_about_a_new_object_that_is_in_a_pack()
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        repository.Run("pack-refs", "--all");
        var packed = Path.Combine(repository.Folder, "packed-refs");
        var lines = File.ReadAllLines(packed)[1..].Concat(Enumerable.Range(0, 50_000).Select(i => $"{original.Main} refs/changes/{i % 100:00}/{i}/1"));

        // Without the word "sorted", which it then need not be.
        File.WriteAllText(packed, "# pack-refs with: peeled fully-peeled \n" + string.Join('\n', lines) + "\n");
        await DifferentialTests.CompareHeldAsync(held, repository);
        repository.Run("update-ref", "refs/heads/new", repository.Commit("new"));
        var started = held.Git.Started;
        await DifferentialTests.CompareHeldAsync(held, repository);
        Assert.Equal(started, held.Git.Started);
        repository.Run("update-ref", "refs/heads/newer", repository.Commit("newer"));
        repository.Run("repack", "-adq");
        await DifferentialTests.CompareHeldAsync(held, repository);
        Assert.Equal(started + 1, held.Git.Started);
    }

    /// <summary>A repository that is copied for each test.</summary>
    public sealed class Original : IDisposable
    {
        internal ScratchRepository Repository { get; } = RepositoryShapes.All["plain"]();

        internal string Main => Repository.Run("rev-parse", "main");

        /// <inheritdoc/>
        public void Dispose() => Repository.Dispose();
    }

    private static string Listed(RefSnapshot refs) => Wire.Text(Wire.Written(output => LsRefsResponseWriter.Write(output, LsRefsRequest.Everything, refs)));

    // Without a new file, as an editor or a script might.
    private static void Overwrite(ScratchRepository repository, string name, string content)
    {
        using var file = File.OpenHandle(Path.Combine(repository.Folder, name), FileMode.Open, FileAccess.Write);
        var bytes = Encoding.UTF8.GetBytes(content);
        RandomAccess.Write(file, bytes, 0);
        RandomAccess.SetLength(file, bytes.Length);
    }
}
