using System.Text;
using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>Pushes that can only be decided by history which the gateway does not have of itself.</summary>
public class UpstreamPushTests
{
    private const string MayUpdate = "git:*:pull,push";
    private const string MayForce = "git:*:pull,push,force,delete";

    [Fact]
    public async Task A_fast_forward_is_proved_before_the_pack_goes_on()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        var clone = levels.Clone(MayUpdate);
        var commit = TwoLevels.Commit(clone, "two.txt");

        var pushed = levels.Gateway.Git(levels.Gateway.Token(MayUpdate), clone, "push", "origin", "HEAD:main");

        Assert.True(pushed.ExitCode == 0, pushed.Error);
        Assert.Contains($"{commit} commit\trefs/heads/main", levels.Refs("acme/app"), StringComparison.Ordinal);
        var entry = Assert.Single(await levels.Gateway.AuditAsync(), entry => entry.Record is { Operation: "push", Refs: not null });
        Assert.Equal("update", Assert.Single(entry.Record.Refs!).Change);
        Assert.Empty(Directory.EnumerateFileSystemEntries(levels.QuarantineFolder));
    }

    [Fact]
    public async Task What_is_no_fast_forward_is_refused_and_never_reaches_the_upstream()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        var clone = levels.Clone(MayUpdate);
        GitProgram.RunText(clone, "commit", "--quiet", "--amend", "-m", "another");
        var before = levels.Refs("acme/app");

        var pushed = levels.Gateway.Git(levels.Gateway.Token(MayUpdate), clone, "push", "origin", "+HEAD:main");

        Assert.Contains("main (not a fast-forward: force is not allowed by the token)", pushed.Error, StringComparison.Ordinal);
        Assert.Equal(before, levels.Refs("acme/app"));
        Assert.DoesNotContain(await levels.Upstream.AuditAsync(), entry => entry.Record.Operation == "push");
        Assert.Empty(Directory.EnumerateFileSystemEntries(levels.QuarantineFolder));
    }

    [Fact]
    public async Task A_move_to_a_commit_that_the_upstream_has_already_is_proved_too()
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        TwoLevels.Commit(work, "two.txt");
        TwoLevels.Commit(work, "three.txt");
        GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:topic");
        var clone = levels.Clone(MayUpdate);

        var forward = levels.Gateway.Git(levels.Gateway.Token(MayUpdate), clone, "push", "origin", "origin/topic:main");
        var back = levels.Gateway.Git(levels.Gateway.Token(MayUpdate), clone, "push", "origin", "+origin/topic~1:main");

        Assert.True(forward.ExitCode == 0, forward.Error);
        Assert.Contains("not a fast-forward", back.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_from_a_shallow_clone_is_proved_by_the_history_that_the_upstream_has()
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        TwoLevels.Commit(work, "two.txt");
        GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:main");
        var token = levels.Gateway.Token(MayUpdate);
        var clone = levels.NewFolder();
        Assert.Equal(0, levels.Gateway.Git(token, null, "clone", "--quiet", "--depth=1", levels.Gateway.Url("up/acme/app"), clone).ExitCode);
        var commit = TwoLevels.Commit(clone, "three.txt");

        var pushed = levels.Gateway.Git(token, clone, "push", "origin", "HEAD:main");

        Assert.True(pushed.ExitCode == 0, pushed.Error);
        Assert.Contains($"{commit} commit\trefs/heads/main", levels.Refs("acme/app"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ref_that_moved_meanwhile_is_not_moved_again()
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        var old = GitProgram.RunText(work, "rev-parse", "HEAD");
        var clone = levels.Clone(MayUpdate);
        var mine = TwoLevels.Commit(clone, "mine.txt");
        var theirs = TwoLevels.Commit(work, "theirs.txt");
        GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:main");

        // As a client that read the refs before: the old value in the command is the one that is proved from.
        var pack = GitProgram.Run(clone, ["pack-objects", "--stdout", "--revs", "-q"], Encoding.ASCII.GetBytes($"{mine}\n^{old}\n"));
        var answer = await levels.PushAsync(MayUpdate, $"{old} {mine} refs/heads/main\0report-status", pack);

        Assert.Contains("ng refs/heads/main", answer, StringComparison.Ordinal);
        Assert.Contains($"{theirs} commit\trefs/heads/main", levels.Refs("acme/app"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pack_that_leans_on_what_only_the_upstream_has_is_refused_with_what_to_do()
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        var text = string.Concat(Enumerable.Range(0, 2000).Select(line => $"line {line}\n"));
        File.WriteAllText(Path.Combine(work, "long.txt"), text);
        GitProgram.RunText(work, "add", "long.txt");
        GitProgram.RunText(work, "commit", "--quiet", "-m", "long");
        GitProgram.RunText(work, "push", "--quiet", "origin", "HEAD:main");
        var old = GitProgram.RunText(work, "rev-parse", "HEAD");
        File.WriteAllText(Path.Combine(work, "long.txt"), text + "one more\n");
        GitProgram.RunText(work, "commit", "--quiet", "-a", "-m", "longer");
        var commit = GitProgram.RunText(work, "rev-parse", "HEAD");
        var before = levels.Refs("acme/app");

        var pack = GitProgram.Run(work, ["pack-objects", "--stdout", "--revs", "--thin", "-q"], Encoding.ASCII.GetBytes($"{commit}\n^{old}\n"));
        var answer = await levels.PushAsync(MayUpdate, $"{old} {commit} refs/heads/main\0report-status", pack);

        Assert.Contains("push again with --no-thin", answer, StringComparison.Ordinal);
        Assert.Equal(before, levels.Refs("acme/app"));
    }

    [Theory]
    [InlineData(MayUpdate, true)]
    [InlineData(MayForce, false)]
    [InlineData("git:*:pull git:*@refs/heads/new/*:push", false)]
    [InlineData("git:*@refs/heads/main:pull,push,force", true)]
    public async Task Thin_packs_are_asked_for_only_where_nothing_need_be_proved(string scope, bool isAskedNotTo)
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");

        var advertisement = await levels.Gateway.Client(levels.Gateway.Token(scope))
            .GetStringAsync("/up/acme/app.git/info/refs?service=git-receive-pack", TestContext.Current.CancellationToken);

        Assert.Equal(isAskedNotTo, advertisement.Contains(" no-thin", StringComparison.Ordinal));
        Assert.Contains("refs/heads/main", advertisement, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pack_that_is_none_is_refused()
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        var old = GitProgram.RunText(work, "rev-parse", "HEAD");

        var answer = await levels.PushAsync(MayUpdate, $"{old} {new string('1', 40)} refs/heads/main\0report-status", Encoding.ASCII.GetBytes("PACK, they said"));

        Assert.Contains("ng refs/heads/main its pack can't be read", answer, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(levels.QuarantineFolder));
    }

    [Fact]
    public async Task A_pack_without_the_history_that_it_claims_is_refused()
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        var old = GitProgram.RunText(work, "rev-parse", "HEAD");
        TwoLevels.Commit(work, "two.txt");
        var commit = TwoLevels.Commit(work, "three.txt");

        // The commit between the two is neither sent nor known.
        var pack = GitProgram.Run(work, ["pack-objects", "--stdout", "-q"], Encoding.ASCII.GetBytes($"{commit}\n"));
        var answer = await levels.PushAsync(MayUpdate, $"{old} {commit} refs/heads/main\0report-status", pack);

        Assert.Contains("ng refs/heads/main", answer, StringComparison.Ordinal);
        Assert.Contains(await levels.Gateway.AuditAsync(), entry => entry.Record is { Operation: "push", Outcome: Portcullis.Audit.AuditOutcome.Refused });
        Assert.DoesNotContain(await levels.Upstream.AuditAsync(), entry => entry.Record.Operation == "push");
    }

    [Fact]
    public async Task A_pack_larger_than_allowed_is_refused_in_both_ways()
    {
        await using var levels = await TwoLevels.StartAsync(options: options => options with { MaxPushBytes = 20_000 });
        await levels.SeedAsync("acme/app");
        var clone = levels.Clone(MayForce);
        var bytes = new byte[100_000];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(Path.Combine(clone, "large.bin"), bytes);
        GitProgram.RunText(clone, "add", "large.bin");
        GitProgram.RunText(clone, "commit", "--quiet", "-m", "large");
        var before = levels.Refs("acme/app");

        foreach (var scope in (string[])[MayUpdate, MayForce])
        {
            var pushed = levels.Gateway.Git(levels.Gateway.Token(scope), clone, "push", "origin", "HEAD:main");
            Assert.Contains("limits.maxPushBytes", pushed.Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, levels.Refs("acme/app"));
    }
}
