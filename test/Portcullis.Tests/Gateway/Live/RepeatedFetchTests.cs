using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.PackCache;
using GitProgram = Portcullis.Tests.Git.GitProgram;

namespace Portcullis.Tests.Gateway.Live;

/// <summary>The same clone again: from the cache where nothing has changed, and never from it where something has, or where the caller may less.</summary>
public sealed class RepeatedFetchTests : IAsyncLifetime
{
    private readonly string work = Directory.CreateTempSubdirectory("portcullis-work-").FullName;
    private GatewayServer server = null!;
    private string repository = null!;
    private string seed = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync();
        repository = await server.CreateRepositoryAsync("acme/app");
        seed = Path.Combine(work, "seed");
        GitProgram.RunText(null, "init", "-q", "-b", "main", seed);
        Commit("one");
        GitProgram.RunText(seed, "push", "-q", repository, "main", "main:secret");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(work, recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_second_clone_starts_no_git(int version)
    {
        server.ProtocolVersion = version;
        var first = Clone("git:acme/app:pull");
        Assert.NotEqual(0, server.Service<AnswerCache>().Bytes);
        await AtRestAsync();
        var started = server.Service<GitLauncher>().Started;
        var second = Clone("git:acme/app:pull", "bob");
        Assert.Equal(started, server.Service<GitLauncher>().Started);
        Assert.Equal(Head(first), Head(second));
        GitProgram.RunText(second, "fsck", "--strict");
    }

    [Fact]
    public void A_ref_that_moved_is_cloned_as_it_is_now()
    {
        for (var round = 0; round < 5; round++)
        {
            Commit("round " + round);
            GitProgram.RunText(seed, "push", "-q", repository, "main");
            var clone = Clone("git:acme/app:pull");
            Assert.Equal(Head(seed), Head(clone));
            GitProgram.RunText(clone, "fsck", "--strict");
        }

        // By id alone, of a commit that a deleted branch had: not from what was kept when it was there.
        GitProgram.RunText(repository, "update-ref", "-d", "refs/heads/secret");
        GitProgram.RunText(repository, "update-ref", "refs/heads/main", "main~1");
        Assert.Equal(GitProgram.RunText(seed, "rev-parse", "main~1"), Head(Clone("git:acme/app:pull")));
    }

    [Fact]
    public void A_change_of_configuration_counts_at_once()
    {
        Clone("git:acme/app:pull");
        var token = server.Token("git:acme/app:pull");
        Assert.Equal(0, server.Git(token, null, "clone", "-q", "--bare", "--filter=blob:none", server.Url("acme/app"), Path.Combine(work, "partial")).ExitCode);
        GitProgram.RunText(repository, "config", "uploadpackfilter.allow", "false");
        Assert.NotEqual(0, server.Git(token, null, "clone", "-q", "--bare", "--filter=blob:none", server.Url("acme/app"), Path.Combine(work, "refused")).ExitCode);
    }

    [Fact]
    public async Task Who_may_not_pull_is_served_nothing_that_others_were()
    {
        GitProgram.RunText(seed, "checkout", "-q", "-b", "hidden");
        Commit("hidden");
        GitProgram.RunText(seed, "push", "-q", repository, "hidden");
        var whole = Clone("git:acme/app:pull");
        var hidden = GitProgram.RunText(seed, "rev-parse", "hidden");
        Assert.Equal(hidden, GitProgram.RunText(whole, "rev-parse", "origin/hidden"));

        // The very request that was answered a moment ago, from callers who may less.
        var request = $"0011command=fetch0001000dthin-pack000dofs-delta0031want {hidden}0008done0000";
        Assert.Contains("PACK", await FetchAsync(server.Token("git:acme/app:pull"), request), StringComparison.Ordinal);
        Assert.Contains("PACK", await FetchAsync(server.Token("git:acme/app:pull"), request), StringComparison.Ordinal);
        var refused = await FetchAsync(server.Token("git:acme/app@refs/heads/main:pull", "mallory"), request);
        Assert.Contains("ERR", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("PACK", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("PACK", await FetchAsync(server.Token("git:acme/other:pull", "mallory"), request), StringComparison.Ordinal);
        Assert.DoesNotContain("PACK", await FetchAsync(server.Token("git:acme/app@refs/heads/x:create", "mallory"), request), StringComparison.Ordinal);
        var restricted = Clone("git:acme/app@refs/heads/main:pull", "mallory");
        Assert.Equal(1, GitProgram.TryRun(restricted, ["cat-file", "-e", hidden]).ExitCode);
    }

    [Fact]
    public async Task Callers_with_the_same_view_share_and_each_is_recorded()
    {
        Clone("git:acme/app@refs/heads/main:pull", "alice");
        var bytes = server.Service<AnswerCache>().Bytes;
        Clone("git:acme/app@refs/heads/main:pull", "bob");
        Assert.Equal(bytes, server.Service<AnswerCache>().Bytes);
        var fetches = (await server.AuditAsync()).Where(entry => entry.Record.Operation == "fetch").ToList();
        Assert.Equal(["alice", "bob"], fetches.Select(entry => entry.Record.Subject).Distinct().Order(StringComparer.Ordinal));
        Assert.Single(fetches.Select(entry => entry.Record.BytesOut).Distinct());
    }

    [Fact]
    public async Task A_cache_of_no_size_keeps_nothing()
    {
        await using var off = await GatewayServer.StartAsync(options => options with { PackCacheBytes = 0 });
        var target = await off.CreateRepositoryAsync("acme/app");
        GitProgram.RunText(seed, "push", "-q", target, "main");
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(0, off.Git(off.Token("git:acme/app:pull"), null, "clone", "-q", off.Url("acme/app"), Path.Combine(work, "off" + round)).ExitCode);
        }

        Assert.Equal(0, off.Service<AnswerCache>().Bytes);
    }

    // Until file times have settled each request asks again.
    private async Task AtRestAsync()
    {
        var launcher = server.Service<GitLauncher>();
        using var client = server.Client(server.Token("git:acme/app:pull"));
        long started;
        do
        {
            await Task.Delay(40, TestContext.Current.CancellationToken);
            started = launcher.Started;
            using var answer = await client.GetAsync(new Uri("acme/app/info/refs?service=git-upload-pack", UriKind.Relative), TestContext.Current.CancellationToken);
        }
        while (launcher.Started != started);
    }

    private async Task<string> FetchAsync(string token, string request)
    {
        using var client = server.Client(token);
        using var message = new HttpRequestMessage(HttpMethod.Post, "acme/app/git-upload-pack") { Content = new ByteArrayContent(System.Text.Encoding.ASCII.GetBytes(request)) };
        message.Content.Headers.ContentType = new("application/x-git-upload-pack-request");
        message.Headers.Add("Git-Protocol", "version=2");
        using var answer = await client.SendAsync(message, TestContext.Current.CancellationToken);
        return System.Text.Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    private string Clone(string scope, string subject = "alice")
    {
        var clone = Path.Combine(work, Guid.NewGuid().ToString("N"));
        var result = server.Git(server.Token(scope, subject), null, "clone", "-q", server.Url("acme/app"), clone);
        Assert.True(result.ExitCode == 0, result.Error);
        return clone;
    }

    private static string Head(string clone) => GitProgram.RunText(clone, "rev-parse", "HEAD");

    private void Commit(string text)
    {
        File.AppendAllText(Path.Combine(seed, "file"), text + "\n");
        GitProgram.RunText(seed, "add", "file");
        GitProgram.RunText(seed, "commit", "-q", "-m", text);
    }
}
