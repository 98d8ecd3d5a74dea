using Portcullis.Audit;
using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>What is kept of an upstream's repository to decide by.</summary>
public class MirrorTests
{
    private const string MayUpdate = "git:*:pull,push";
    private const string SeesMain = "git:*@refs/heads/main:pull";

    [Fact]
    public async Task It_holds_commits_alone_while_they_are_enough()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        Push(levels, levels.Clone(MayUpdate), "two.txt");

        Assert.Equal(["commit"], Types(levels.Mirror()));
    }

    [Fact]
    public async Task It_holds_everything_where_the_upstream_can_not_leave_anything_out()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        GitProgram.RunText(Path.Combine(levels.Upstream.Folder, "repositories", "acme/app.git"), "config", "uploadpack.allowFilter", "false");
        Push(levels, levels.Clone(MayUpdate), "two.txt");

        Assert.Equal(["blob", "commit", "tree"], Types(levels.Mirror()));
    }

    [Fact]
    public async Task It_is_fetched_into_only_for_what_is_new()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        var clone = levels.Clone(MayUpdate);
        Push(levels, clone, "two.txt");
        var before = await FetchesAsync(levels);

        Push(levels, clone, "three.txt");
        Push(levels, clone, "four.txt");

        // One for each push that came before, and none for what is known already.
        Assert.Equal(before + 2, await FetchesAsync(levels));
        Assert.NotEqual(0, levels.Gateway.Git(levels.Gateway.Token(MayUpdate), clone, "push", "origin", "+HEAD~2:main").ExitCode);
        Assert.Equal(before + 3, await FetchesAsync(levels));
        Assert.NotEqual(0, levels.Gateway.Git(levels.Gateway.Token(MayUpdate), clone, "push", "origin", "+HEAD~2:main").ExitCode);
        Assert.Equal(before + 3, await FetchesAsync(levels));
    }

    [Fact]
    public async Task Its_packs_become_one_when_they_are_many()
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        var clone = levels.Clone(MayUpdate);
        for (var i = 0; i < 23; i++)
        {
            TwoLevels.Commit(work, $"{i}.txt");
            GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:topic");
            Assert.NotEqual(0, levels.Gateway.Git(levels.Gateway.Token(MayUpdate), clone, "push", "origin", "+HEAD:topic").ExitCode);
        }

        Assert.InRange(Directory.GetFiles(Path.Combine(levels.Mirror(), "objects", "pack"), "*.pack").Length, 1, 20);
        Push(levels, clone, "mine.txt");
    }

    [Fact]
    public async Task One_that_went_or_was_damaged_is_fetched_anew()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        var clone = levels.Clone(MayUpdate);
        Push(levels, clone, "two.txt");

        Directory.Delete(levels.Mirror(), recursive: true);
        Push(levels, clone, "three.txt");
        File.WriteAllText(Path.Combine(levels.Mirror(), "portcullis-mirror"), "nonsense");
        Push(levels, clone, "four.txt");
    }

    [Fact]
    public async Task A_caller_who_does_not_see_every_ref_fetches_what_a_visible_ref_reaches_and_nothing_else()
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        TwoLevels.Commit(work, "two.txt");
        GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:main");
        var secret = TwoLevels.Commit(work, "secret.txt");
        GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:topic");
        var clone = levels.Clone(SeesMain);
        var token = levels.Gateway.Token(SeesMain);

        Assert.NotEqual(0, GitProgram.TryRun(clone, ["cat-file", "-e", secret]).ExitCode);
        Assert.Equal(0, levels.Gateway.Git(token, clone, "fetch", "origin", GitProgram.RunText(clone, "rev-parse", "HEAD~1")).ExitCode);
        Assert.Contains("is reached by no ref", levels.Gateway.Git(token, clone, "fetch", "origin", secret).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_partial_clone_by_a_caller_who_does_not_see_every_ref_gets_its_blobs_later()
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        TwoLevels.Commit(work, "secret.txt");
        GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:topic");
        var token = levels.Gateway.Token(SeesMain);
        var clone = levels.NewFolder();

        var cloned = levels.Gateway.Git(token, null, "clone", "--quiet", "--filter=blob:none", levels.Gateway.Url("up/acme/app"), clone);

        Assert.True(cloned.ExitCode == 0, cloned.Error);
        Assert.Equal("one.txt", File.ReadAllText(Path.Combine(clone, "one.txt")));
        var secret = GitProgram.RunText(work, "rev-parse", "HEAD:secret.txt");
        Assert.Contains("is reached by no ref", levels.Gateway.Git(token, clone, "fetch", "origin", secret).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_together_stay_within_their_limit()
    {
        await using var levels = await TwoLevels.StartAsync(options: options => options with { MaxMirrorBytes = 30_000 });
        foreach (var name in (string[])["acme/one", "acme/two", "acme/three"])
        {
            await levels.SeedAsync(name);
            Push(levels, levels.Clone(MayUpdate, "up/" + name), "two.txt");
        }

        var bytes = new DirectoryInfo(levels.MirrorsFolder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        Assert.InRange(Directory.GetDirectories(levels.MirrorsFolder).Length, 1, 3);
        Assert.InRange(bytes, 1, 30_000);
    }

    private static void Push(TwoLevels levels, string clone, string file)
    {
        TwoLevels.Commit(clone, file);
        var pushed = levels.Gateway.Git(levels.Gateway.Token(MayUpdate), clone, "push", "origin", "HEAD:main");
        Assert.True(pushed.ExitCode == 0, pushed.Error);
    }

    private static IEnumerable<string> Types(string mirror) =>
        GitProgram.RunText(mirror, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").Split('\n').Distinct().Order(StringComparer.Ordinal);

    private static async Task<int> FetchesAsync(TwoLevels levels) =>
        (await levels.Upstream.AuditAsync()).Count(entry => entry.Record is { Operation: "fetch", Outcome: AuditOutcome.Allowed });
}
