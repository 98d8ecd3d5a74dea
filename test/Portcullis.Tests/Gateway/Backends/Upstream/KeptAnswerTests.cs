using Portcullis.Audit;
using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>An upstream's answers that are sent again.</summary>
public class KeptAnswerTests
{
    private const string SeesAll = "git:*:pull";
    private const string SeesMain = "git:*@refs/heads/main:pull";

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task The_same_clones_reach_the_upstream_once(int version)
    {
        await using var levels = await StartAsync();
        var work = await levels.SeedAsync("acme/app");
        levels.Gateway.ProtocolVersion = version;

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => levels.Clone(SeesAll))));
        var clone = levels.Clone(SeesAll);

        Assert.Equal(GitProgram.RunText(work, "rev-parse", "HEAD"), GitProgram.RunText(clone, "rev-parse", "HEAD"));
        GitProgram.RunText(clone, "fsck", "--strict");
        Assert.Equal(1, await FetchesAsync(levels));
        Assert.Equal(7, (await levels.Gateway.AuditAsync()).Count(entry => entry.Record is { Operation: "fetch", Outcome: AuditOutcome.Allowed }));
    }

    [Fact]
    public async Task What_was_answered_over_other_refs_is_not_sent_again()
    {
        await using var levels = await StartAsync();
        var work = await levels.SeedAsync("acme/app");
        levels.Clone(SeesAll);
        var commit = TwoLevels.Commit(work, "two.txt");
        GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:main");

        Assert.Equal(commit, GitProgram.RunText(levels.Clone(SeesAll), "rev-parse", "HEAD"));
        Assert.Equal(2, await FetchesAsync(levels));
    }

    [Fact]
    public async Task A_caller_who_may_not_pull_gets_nothing_that_another_was_sent()
    {
        await using var levels = await StartAsync();
        var work = await levels.SeedAsync("acme/app");
        var secret = TwoLevels.Commit(work, "secret.txt");
        GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:topic");
        levels.Clone(SeesAll);

        Assert.NotEqual(0, levels.Gateway.Git(levels.Gateway.Token("git:elsewhere:pull"), null, "clone", levels.Gateway.Url("up/acme/app"), levels.NewFolder()).ExitCode);
        var clone = levels.Clone(SeesMain);
        Assert.NotEqual(0, GitProgram.TryRun(clone, ["cat-file", "-e", secret]).ExitCode);
        Assert.Contains("is reached by no ref", levels.Gateway.Git(levels.Gateway.Token(SeesMain), clone, "fetch", "origin", secret).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callers_with_the_same_restricted_view_share_an_answer()
    {
        await using var levels = await StartAsync();
        await levels.SeedAsync("acme/app");

        levels.Clone(SeesMain);
        levels.Clone(SeesMain);

        Assert.Equal(1, await FetchesAsync(levels));
    }

    [Fact]
    public async Task Nothing_is_sent_again_while_the_upstream_can_not_be_asked_for_its_refs()
    {
        await using var levels = await StartAsync();
        await levels.SeedAsync("acme/app");
        levels.Clone(SeesAll);
        await levels.Upstream.StopListeningAsync();

        Assert.Contains("can't be reached", levels.Gateway.Git(levels.Gateway.Token(SeesAll), null, "clone", levels.Gateway.Url("up/acme/app"), levels.NewFolder()).Error, StringComparison.Ordinal);
    }

    private static Task<TwoLevels> StartAsync() => TwoLevels.StartAsync(change: definition => definition with { KeepsAnswers = true }, options: options => options with { PackCacheBytes = 64 << 20 });

    private static async Task<int> FetchesAsync(TwoLevels levels) =>
        (await levels.Upstream.AuditAsync()).Count(entry => entry.Record is { Operation: "fetch", Outcome: AuditOutcome.Allowed });
}
