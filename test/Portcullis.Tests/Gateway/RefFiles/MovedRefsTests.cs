using Portcullis.Tests.Git;
using Portcullis.Tests.Git.Advertisements;

namespace Portcullis.Tests.Gateway.RefFiles;

/// <summary>Refs moved behind the gateway's back, by git, by other programs and by hand: what it holds of them is never served once it is old.</summary>
public sealed class MovedRefsTests : IClassFixture<OriginalRepository>
{
    private readonly OriginalRepository original;

    public MovedRefsTests(OriginalRepository original) => this.original = original;

    [Theory]
    [MemberData(nameof(RefMoves.Names), MemberType = typeof(RefMoves))]
    public async Task After_any_move_the_answer_is_git_s_own(string move)
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        await held.ForFetchAsync(repository.Folder);
        await held.ForPushAsync(repository.Folder);
        await RefMoves.CompareAfterAsync(move, held, repository);
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
                    RefMoves.Overwrite(repository, name, id + "\n");
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
            Assert.Equal(Wire.Text(expected), RefMoves.Listed(await held.ForFetchAsync(repository.Folder)));
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
            RefMoves.Overwrite(repository, "refs/heads/main", ids[round % 2] + "\n");
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
    public async Task A_work_tree_s_own_configuration_counts_from_the_moment_it_is_written()
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        repository.Run("config", "extensions.worktreeConfig", "true");
        Assert.NotNull((await held.WithoutGitAsync(repository.Folder))!.Find("refs/notes/commits"));
        File.WriteAllText(Path.Combine(repository.Folder, "config.worktree"), "[transfer]\n\thideRefs = refs/notes\n");
        Assert.Null((await held.ForFetchAsync(repository.Folder)).Find("refs/notes/commits"));
        Assert.Null((await held.WithoutGitAsync(repository.Folder))!.Find("refs/notes/commits"));
        File.Delete(Path.Combine(repository.Folder, "config.worktree"));
        Assert.NotNull((await held.ForFetchAsync(repository.Folder)).Find("refs/notes/commits"));
    }

    [Theory]
    [InlineData("config.worktree")]
    [InlineData("own")]
    [InlineData("more/own")]
    public async Task A_link_to_a_configuration_that_comes_later_counts_from_the_moment_it_comes(string name)
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        var elsewhere = Directory.CreateTempSubdirectory("portcullis-config-").FullName;
        try
        {
            repository.Run("config", "extensions.worktreeConfig", "true");
            repository.Run("config", "include.path", name);
            Directory.CreateDirectory(Path.Combine(repository.Folder, "more"));
            File.CreateSymbolicLink(Path.Combine(repository.Folder, name), Path.Combine(elsewhere, "file"));
            Assert.NotNull((await held.WithoutGitAsync(repository.Folder))!.Find("refs/notes/commits"));
            Assert.NotNull((await held.WithoutGitAsync(repository.Folder))!.Find("refs/notes/commits"));
            File.WriteAllText(Path.Combine(elsewhere, "file"), "[transfer]\n\thideRefs = refs/notes\n");
            Assert.Null((await held.ForFetchAsync(repository.Folder)).Find("refs/notes/commits"));
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    [Fact]
    public async Task The_operator_s_configuration_counts_from_the_moment_it_is_written()
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        Assert.NotNull((await held.WithoutGitAsync(repository.Folder))!.Find("refs/notes/commits"));
        File.WriteAllText(held.OperatorConfiguration, "[transfer]\n\thideRefs = refs/notes\n[uploadpack]\n\tallowAnySHA1InWant = true\n");
        Assert.Null((await held.ForFetchAsync(repository.Folder)).Find("refs/notes/commits"));
        Assert.Contains("allow-reachable-sha1-in-want", (await held.FactsAsync(repository.Folder)).UploadPack!.ToString(), StringComparison.Ordinal);
        Assert.Null((await held.WithoutGitAsync(repository.Folder))!.Find("refs/notes/commits"));
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
}
