using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Conformance;

/// <summary>Which push needs which action, and that a push is all or nothing.</summary>
public abstract class PushRules(Site site)
{
    // What the token may do on refs/heads/alice/* and refs/tags/*; what is pushed; whether it passes.
    [Theory]
    [InlineData("create", "main:refs/heads/alice/new", true)]
    [InlineData("update", "main:refs/heads/alice/new", false)]
    [InlineData("update", "next:refs/heads/alice/topic", true)]
    [InlineData("create", "next:refs/heads/alice/topic", false)]
    [InlineData("push", "next:refs/heads/alice/topic", true)]
    [InlineData("push", "+main:refs/heads/alice/topic", false)]
    [InlineData("force", "+main:refs/heads/alice/topic", true)]
    [InlineData("force", "next:refs/heads/alice/topic", false)]
    [InlineData("push,force", ":refs/heads/alice/topic", false)]
    [InlineData("delete", ":refs/heads/alice/topic", true)]
    [InlineData("push", "main:refs/tags/t2", true)]
    [InlineData("update", "main:refs/tags/t2", false)]
    [InlineData("push", "+next:refs/tags/light", false)]
    [InlineData("push", "+next:refs/tags/v1", false)]
    [InlineData("force", "+next:refs/tags/light", true)]
    [InlineData("delete", ":refs/tags/v1", true)]
    [InlineData("push", "main:refs/heads/alice", false)]
    [InlineData("push,force,delete", "main:refs/heads/other", false)]
    [InlineData("push,force,delete", "main:refs/notes/commits", false)]
    public async Task Each_change_of_a_ref_needs_its_action(string actions, string refspec, bool passes)
    {
        var repository = await site.SeededRepositoryAsync();
        var (git, clone) = await CloneAsync(repository, "git:*:pull", $"git:*@refs/heads/alice/*,refs/tags/*:{actions}");
        await git.OutputAsync(clone, "checkout", "--quiet", "-b", "next", "origin/alice/topic");
        await Site.CommitAsync(git, clone, "next.txt", "next\n");
        var before = await site.RefsAsync(repository);

        var pushed = await git.RunAsync(clone, "push", "origin", refspec);

        var after = await site.RefsAsync(repository);
        if (passes)
        {
            pushed.ShouldSucceed();
            Assert.NotEqual(before, after);
            await site.Server.Audit.WaitForAsync(repository, "push", "allowed");
        }
        else
        {
            pushed.ShouldFail();
            Assert.Contains("[remote rejected]", pushed.Text);
            Assert.Equal(before, after);
            await site.Server.Audit.WaitForAsync(repository, "push", "refused");
        }

        await site.CheckRepositoryAsync(repository);
    }

    [Fact]
    public async Task One_refused_ref_refuses_the_whole_push()
    {
        var repository = await site.SeededRepositoryAsync();
        var (git, clone) = await CloneAsync(repository, "git:*:pull", "git:*@refs/heads/alice/*:push");
        await Site.CommitAsync(git, clone, "next.txt", "next\n");
        var before = await site.RefsAsync(repository);

        var pushed = (await git.RunAsync(clone, "push", "origin", "main:refs/heads/alice/fine", "main:refs/heads/main")).ShouldFail();

        Assert.Equal(before, await site.RefsAsync(repository));
        Assert.Equal(2, pushed.Text.Split('\n').Count(line => line.Contains("[remote rejected]", StringComparison.Ordinal)));
        var line = (await site.Server.Audit.WaitForAsync(repository, "push", "refused"))[^1];
        Assert.Equal(2, line.GetProperty("refs").GetArrayLength());
    }

    [Fact]
    public async Task A_hundred_refs_go_in_one_push()
    {
        var repository = await site.SeededRepositoryAsync();
        var (git, clone) = await CloneAsync(repository, "git:*:pull", "git:*@refs/heads/alice/*:push");
        var refspecs = Enumerable.Range(0, 100).Select(i => $"main:refs/heads/alice/many/{i}").ToArray();

        (await git.RunAsync(clone, ["push", "--quiet", "origin", .. refspecs])).ShouldSucceed();

        Assert.Equal(100, (await site.RefsAsync(repository)).Split('\n').Count(line => line.Contains("refs/heads/alice/many/", StringComparison.Ordinal)));
        var line = (await site.Server.Audit.WaitForAsync(repository, "push", "allowed"))[^1];
        Assert.Equal(100, line.GetProperty("refs").GetArrayLength());
    }

    [Fact]
    public async Task A_push_with_init_makes_the_repository()
    {
        var repository = site.NewRepositoryName("made-by-push");
        var git = site.NewGit();
        var work = site.NewFolder();
        await git.OutputAsync(work, "init", "--quiet", ".");
        var commit = await Site.CommitAsync(git, work, "first.txt", "first\n");
        var url = $"{site.Url}/{repository}.git";

        (await git.WithBearer(await site.TokenAsync("alice", $"git:{repository}:pull,push")).RunAsync(work, "push", url, "main")).ShouldFail();
        var withInit = await git.WithBearer(await site.TokenAsync("alice", $"git:{repository}:pull,push,init")).RunAsync(work, "push", url, "main");
        if (!site.MakesRepositoriesByPush)
        {
            withInit.ShouldFail();
            return;
        }

        withInit.ShouldSucceed();
        Assert.Equal($"{commit} refs/heads/main", await site.RefsAsync(repository));
    }

    [Fact]
    public async Task A_reader_is_told_that_its_token_can_only_read()
    {
        var repository = await site.SeededRepositoryAsync();
        var (git, clone) = await CloneAsync(repository, "git:*:pull");
        await Site.CommitAsync(git, clone, "next.txt", "next\n");
        var before = await site.RefsAsync(repository);

        (await git.RunAsync(clone, "push", "origin", "main")).ShouldFail();

        Assert.Equal(before, await site.RefsAsync(repository));
        var line = (await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", repository) && AuditTrail.Is(line, "status", "403"), "a reader's push"))[^1];
        Assert.Equal("refused", AuditTrail.Text(line, "outcome"));
    }

    [Fact]
    public async Task Two_pushes_to_one_ref_at_once_leave_one_of_them_whole()
    {
        var repository = await site.SeededRepositoryAsync();
        var clones = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => CloneAsync(repository, "git:*:pull,push")));
        var commits = await Task.WhenAll(clones.Select((clone, i) => Site.CommitAsync(clone.Git, clone.Clone, $"race{i}.txt", $"{i}\n")));

        var pushes = await Task.WhenAll(clones.Select(clone => clone.Git.RunAsync(clone.Clone, "push", "origin", "main")));

        var winner = Assert.Single(Enumerable.Range(0, 4), i => pushes[i].ExitCode == 0);
        Assert.Contains($"{commits[winner]} refs/heads/main", await site.RefsAsync(repository));
        await site.CheckRepositoryAsync(repository);
    }

    [Fact]
    public async Task The_audit_tells_what_happened_to_each_ref()
    {
        var repository = await site.SeededRepositoryAsync();
        var (git, clone) = await CloneAsync(repository, "git:*:pull,push,force,delete");
        var commit = await Site.CommitAsync(git, clone, "next.txt", "next\n");
        var old = await git.OutputAsync(clone, "rev-parse", "origin/main");

        (await git.RunAsync(clone, "push", "origin", "main", "main:refs/heads/new", ":refs/tags/light")).ShouldSucceed();

        var line = (await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", repository) && AuditTrail.Is(line, "operation", "push")
            && AuditTrail.Is(line, "subject", "alice"), "the push"))[^1];
        var refs = line.GetProperty("refs").EnumerateArray().ToDictionary(change => change.GetProperty("name").GetString()!);
        Assert.Equal((site.UnprovedMove, old, commit), Change(refs["refs/heads/main"]));
        Assert.Equal("create", refs["refs/heads/new"].GetProperty("change").GetString());
        Assert.Equal("delete", refs["refs/tags/light"].GetProperty("change").GetString());
        Assert.All(refs.Values, change => Assert.Equal("allowed", change.GetProperty("outcome").GetString()));
    }

    private static (string?, string?, string?) Change(JsonElement change)
        => (change.GetProperty("change").GetString(), change.GetProperty("old").GetString(), change.GetProperty("new").GetString());

    private async Task<(Git Git, string Clone)> CloneAsync(string repository, params string[] permissions)
    {
        var git = site.NewGit().WithPassword(await site.TokenAsync("alice", permissions));
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", $"{site.Url}/{repository}.git", "clone")).ShouldSucceed();
        return (git, Path.Combine(work, "clone"));
    }
}
