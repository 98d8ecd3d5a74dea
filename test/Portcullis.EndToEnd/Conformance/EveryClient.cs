using Portcullis.EndToEnd.Clients;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Conformance;

/// <summary>Each client clones, fetches and pushes what its token opens, and is refused what it does not.</summary>
public abstract class EveryClient(Site site)
{
    [Theory]
    [MemberData(nameof(AllClients.Everyone), MemberType = typeof(AllClients))]
    public async Task Clones_fetches_and_pushes(string name, TokenSentAs way)
    {
        var (client, run, repository) = await PrepareAsync(name, way, "git:*:pull", "git:*@refs/heads/alice/*:push");
        var git = site.NewGit();

        (await client.CloneAsync(run)).ShouldSucceed();
        Assert.Equal(await RefAsync(repository, "refs/heads/main"), await git.OutputAsync(run.Folder, "rev-parse", "HEAD"));
        Assert.True(File.Exists(Path.Combine(run.Folder, "file3.txt")), "the work tree is there");

        await git.OutputAsync(run.Folder, "checkout", "--quiet", "-b", "mine");
        var commit = await Site.CommitAsync(git, run.Folder, "mine.txt", "from the client\n");
        (await client.PushAsync(run, "refs/heads/mine", "refs/heads/alice/mine")).ShouldSucceed();
        Assert.Equal(commit, await RefAsync(repository, "refs/heads/alice/mine"));

        var next = await PushFromElsewhereAsync(repository);
        (await client.FetchAsync(run)).ShouldSucceed();
        Assert.Equal(next, await git.OutputAsync(run.Folder, "rev-parse", "refs/remotes/origin/main"));

        await site.CheckRepositoryAsync(repository);
    }

    [Theory]
    [MemberData(nameof(AllClients.Everyone), MemberType = typeof(AllClients))]
    public async Task Is_refused_a_push_to_a_branch_that_its_token_does_not_open(string name, TokenSentAs way)
    {
        var (client, run, repository) = await PrepareAsync(name, way, "git:*:pull", "git:*@refs/heads/alice/*:push");
        var git = site.NewGit();
        (await client.CloneAsync(run)).ShouldSucceed();
        var before = await site.RefsAsync(repository);

        await Site.CommitAsync(git, run.Folder, "mine.txt", "not for main\n");
        var refused = (await client.PushAsync(run, "refs/heads/main", "refs/heads/main")).ShouldFail();

        Assert.Contains("refs/heads/main", refused.Text);
        Assert.Equal(before, await site.RefsAsync(repository));
        var line = (await site.Server.Audit.WaitForAsync(repository, "push", "refused"))[^1];
        Assert.Equal("alice", AuditTrail.Text(line, "subject"));
    }

    [Theory]
    [MemberData(nameof(AllClients.Everyone), MemberType = typeof(AllClients))]
    public async Task Is_refused_a_repository_that_its_token_does_not_name(string name, TokenSentAs way)
    {
        var (client, run, repository) = await PrepareAsync(name, way, "git:somewhere/else:pull");

        (await client.CloneAsync(run)).ShouldFail();

        var line = (await site.Server.Audit.WaitForAsync(repository, "discover", "refused"))[^1];
        Assert.Equal("404", AuditTrail.Text(line, "status"));
    }

    [Theory]
    [MemberData(nameof(AllClients.Everyone), MemberType = typeof(AllClients))]
    public async Task Is_refused_with_a_tampered_token(string name, TokenSentAs way)
    {
        var (client, run, repository) = await PrepareAsync(name, way, "git:*:pull");
        var (payload, signature) = (run.Token.Split('.')[1], run.Token.Split('.')[2]);
        var tampered = run with { Token = run.Token.Replace(signature, (signature[0] == 'A' ? 'B' : 'A') + signature[1..]) };
        Assert.NotEqual(run.Token, tampered.Token);
        Assert.Contains(payload, tampered.Token);

        (await client.CloneAsync(tampered)).ShouldFail();

        await site.Server.Audit.WaitForAsync(
            line => AuditTrail.Is(line, "repository", repository) && AuditTrail.Is(line, "status", "401") && AuditTrail.Is(line, "outcome", "refused"), "a tampered token");
    }

    private async Task<(GitClient Client, ClientRun Run, string Repository)> PrepareAsync(string name, TokenSentAs way, params string[] permissions)
    {
        var client = await AllClients.GetAsync(name);
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", permissions);
        var folder = site.NewFolder();
        return (client, new ClientRun($"{site.Url}/{repository}.git", Path.Combine(folder, "clone"), Path.Combine(folder, "home"), token, way), repository);
    }

    private async Task<string> RefAsync(string repository, string name)
        => (await site.RefsAsync(repository)).Split('\n').Single(line => line.EndsWith(" " + name, StringComparison.Ordinal)).Split(' ')[0];

    private async Task<string> PushFromElsewhereAsync(string repository)
    {
        var git = site.NewGit().WithBearer(await site.TokenAsync("owner", "git:*:pull,push,force,delete"));
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", $"{site.Url}/{repository}", "other")).ShouldSucceed();
        var commit = await Site.CommitAsync(git, Path.Combine(work, "other"), "other.txt", "from elsewhere\n");
        (await git.RunAsync(Path.Combine(work, "other"), "push", "--quiet", "origin", "main")).ShouldSucceed();
        return commit;
    }
}
