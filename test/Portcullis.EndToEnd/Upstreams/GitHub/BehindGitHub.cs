using System.Diagnostics;
using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.GitHub;

/// <summary>The real program in front of the stand-in for GitHub, with the key of an App.</summary>
public sealed class GitHubSite : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    public GitHubStandIn GitHub { get; private set; } = null!;

    public PortcullisServer Server { get; private set; } = null!;

    public Git NewGit() => new(_folder[$"home-{Guid.NewGuid():N}"]);

    public string NewFolder() => _folder.Make($"work-{Guid.NewGuid():N}");

    public async ValueTask InitializeAsync()
    {
        GitHub = await GitHubStandIn.StartAsync(_folder.Make("github"));
        foreach (var repository in (string[])["acme/app", "acme/lib", "acme/secret", "other/app"])
        {
            await GitHub.CreateRepositoryAsync(repository);
            await SeedAsync(GitHub.FolderOf(repository));
        }

        GitHub.Model.Install(1, "acme", "write", "app", "lib");
        GitHub.Model.Install(2, "other", "read", "app");
        var folder = _folder.Make("server");
        var key = Path.Combine(folder, "app.pem");
        await File.WriteAllTextAsync(key, GitHub.Model.PrivateKeyPem);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Server = await PortcullisServer.StartAsync(folder, $$"""
            upstreams:
              - match: "github/*"
                url: "{{GitHub.Url}}"
                credential: { kind: githubApp, appId: {{GitHubModel.ClientId}}, privateKeyFile: app.pem }
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await GitHub.DisposeAsync();
        _folder.Dispose();
    }

    private async Task SeedAsync(string repository)
    {
        var git = NewGit();
        var work = NewFolder();
        await git.OutputAsync(work, "init", "--quiet", ".");
        await Site.CommitAsync(git, work, "README.md", "hello\n");
        await git.OutputAsync(work, "push", "--quiet", repository, "main", "main:refs/heads/topic");
    }
}

/// <summary>What an operator and their users have with a GitHub App behind the gateway.</summary>
public sealed class BehindGitHub(GitHubSite site) : IClassFixture<GitHubSite>
{
    private static readonly string[] s_everything = ["git:github/*:pull,push,force,delete"];

    [Fact]
    public async Task Clone_and_push_work_and_each_token_opens_just_what_it_was_made_for()
    {
        var token = await site.Server.TokenAsync("alice", s_everything);
        var git = site.NewGit().WithPassword(token);
        var work = site.NewFolder();
        await git.OutputAsync(work, "clone", "--quiet", $"{site.Server.Url}/github/acme/app.git", ".");
        await Site.CommitAsync(git, work, "more.txt", "more\n");
        (await git.RunAsync(work, "push", "origin", "HEAD:refs/heads/alice/work")).ShouldSucceed();

        Assert.Contains("refs/heads/alice/work", await git.OutputAsync(site.GitHub.FolderOf("acme/app"), "for-each-ref"));
        Assert.Empty(site.GitHub.Model.Departures);
        Assert.Empty(site.GitHub.Strays);
        Assert.All(site.GitHub.Shown, shown => Assert.StartsWith("Basic ", shown));
        Assert.DoesNotContain(site.GitHub.Shown, shown => Decoded(shown).Contains(token, StringComparison.Ordinal));
        Assert.Equal(["read", "write"], site.GitHub.Model.Tokens.Where(made => made.Repository == "acme/app").Select(made => made.Contents).Distinct().Order());
        AssertNothingLeaked();
    }

    [Fact]
    public async Task Repository_that_the_app_was_not_given_does_not_exist()
    {
        var git = site.NewGit().WithPassword(await site.Server.TokenAsync("alice", s_everything));
        var refused = (await git.RunAsync(site.NewFolder(), "ls-remote", $"{site.Server.Url}/github/acme/secret.git")).ShouldFail();
        Assert.Contains("does not exist, or the token of alice does not open it", refused.Error);
    }

    [Fact]
    public async Task Missing_permission_of_the_app_is_the_operator_s_to_mend()
    {
        var git = site.NewGit().WithPassword(await site.Server.TokenAsync("alice", s_everything));
        var work = site.NewFolder();
        await git.OutputAsync(work, "clone", "--quiet", $"{site.Server.Url}/github/other/app.git", ".");
        await Site.CommitAsync(git, work, "more.txt", "more\n");
        var refused = (await git.RunAsync(work, "push", "origin", "HEAD:refs/heads/new")).ShouldFail();
        Assert.Contains("this server has no credential for it", refused.Error);
        await site.Server.WaitForLogAsync("permissions requested are not granted");
        await site.Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "repository", "github/other/app") && AuditTrail.Is(line, "reason", "upstream_credential_missing"), "the missing credential");
        AssertNothingLeaked();
    }

    private void AssertNothingLeaked()
    {
        var audit = string.Join('\n', site.Server.Audit.Read());
        foreach (var token in site.GitHub.Model.Tokens)
        {
            var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"x-access-token:{token.Value}"));
            Assert.DoesNotContain(token.Value, site.Server.Log);
            Assert.DoesNotContain(basic, site.Server.Log);
            Assert.DoesNotContain(token.Value, audit);
        }

        Assert.DoesNotContain("PRIVATE KEY", site.Server.Log);
        Assert.DoesNotContain("upstream-secret", site.Server.Log + audit);
    }

    private static string Decoded(string shown) => Encoding.UTF8.GetString(Convert.FromBase64String(shown["Basic ".Length..]));
}

/// <summary>Tokens that end before their time: each test has a GitHub of its own.</summary>
public sealed class TokensThatEnd : IAsyncLifetime
{
    private readonly GitHubSite _site = new();

    public ValueTask InitializeAsync() => _site.InitializeAsync();

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Token_that_was_revoked_early_is_replaced_without_the_client_noticing()
    {
        var git = _site.NewGit().WithPassword(await _site.Server.TokenAsync("alice", "git:github/*:pull"));
        var work = _site.NewFolder();
        var url = $"{_site.Server.Url}/github/acme/app.git";
        await git.OutputAsync(work, "ls-remote", url);
        var had = Stopwatch.GetTimestamp();
        Assert.Single(_site.GitHub.Model.Tokens);

        // Younger than five seconds it would be shown once more, for servers of GitHub's that do not know it yet. The gateway counts from when it had it, not from when it was made.
        _site.GitHub.Model.RevokeAllTokens();
        await Eventually.UntilAsync(() => Stopwatch.GetElapsedTime(had) > TimeSpan.FromSeconds(5.5), () => "the clock stands still");

        await git.OutputAsync(work, "ls-remote", url);
        Assert.Equal(2, _site.GitHub.Model.Tokens.Count);
    }

    [Fact]
    public async Task GitHub_that_takes_no_token_at_all_is_not_asked_in_a_loop()
    {
        var git = _site.NewGit().WithPassword(await _site.Server.TokenAsync("alice", "git:github/*:pull"));
        _site.GitHub.Model.TokenLifetime = TimeSpan.FromHours(1);
        _site.GitHub.RejectsEverything = true;
        var asked = Stopwatch.GetTimestamp();
        var refused = (await git.RunAsync(_site.NewFolder(), "ls-remote", $"{_site.Server.Url}/github/acme/app.git")).ShouldFail();
        var wasQuick = Stopwatch.GetElapsedTime(asked) < TimeSpan.FromSeconds(5);

        Assert.Contains("rejected the credential that this server has for it. Your own token is fine", refused.Error);
        Assert.DoesNotContain("remote words of GitHub", refused.Error);

        // Seconds old, the same token is shown once more; one that was older when it was refused is replaced, once. Never a third time.
        Assert.InRange(_site.GitHub.Model.Tokens.Count, 1, wasQuick ? 1 : 2);
        Assert.Equal(2, _site.GitHub.Shown.Count);
    }
}
