using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Live;

public sealed class CloneAndPushTests : IAsyncLifetime
{
    private readonly string work = Directory.CreateTempSubdirectory("portcullis-work-").FullName;
    private GatewayServer server = null!;
    private string repository = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync();
        repository = await server.CreateRepositoryAsync("acme/app");
        var seed = Path.Combine(work, "seed");
        GitProgram.RunText(null, "init", "-q", "-b", "main", seed);
        File.WriteAllText(Path.Combine(seed, "file"), "one\n");
        GitProgram.RunText(seed, "add", "file");
        GitProgram.RunText(seed, "commit", "-q", "-m", "one");
        GitProgram.RunText(seed, "tag", "-a", "v1", "-m", "first");
        GitProgram.RunText(seed, "push", "-q", repository, "main", "v1");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(work, recursive: true);
    }

    [Theory]
    [InlineData(0, "git:acme/app:pull,push")]
    [InlineData(1, "git:acme/app:pull,push")]
    [InlineData(2, "git:acme/app:pull,push")]
    [InlineData(0, "git:acme/app@refs/heads/*:pull,push")]
    [InlineData(1, "git:acme/app@refs/heads/*:pull,push")]
    [InlineData(2, "git:acme/app@refs/heads/*:pull,push")]
    public async Task A_token_clones_commits_pushes_and_fetches(int version, string scope)
    {
        server.ProtocolVersion = version;
        var token = server.Token(scope);
        var clone = Clone(token);
        Commit(clone, "two");
        var push = server.Git(token, clone, "push", "origin", "HEAD:refs/heads/topic", "HEAD:refs/heads/main");
        Assert.True(push.ExitCode == 0, push.Error);
        Assert.Equal(GitProgram.RunText(clone, "rev-parse", "HEAD"), GitProgram.RunText(repository, "rev-parse", "main"));
        var other = Clone(token);
        Assert.Equal(GitProgram.RunText(clone, "rev-parse", "HEAD"), GitProgram.RunText(other, "rev-parse", "HEAD"));
        Commit(clone, "three");
        Assert.Equal(0, server.Git(token, clone, "push", "origin", "HEAD:main").ExitCode);
        var fetch = server.Git(token, other, "fetch", "origin");
        Assert.True(fetch.ExitCode == 0, fetch.Error);
        Assert.Equal(GitProgram.RunText(clone, "rev-parse", "HEAD"), GitProgram.RunText(other, "rev-parse", "origin/main"));
        Assert.Contains(await server.AuditAsync(), entry => entry.Record.Operation == "push" && entry.Record.Refs is { Count: 2 });
    }

    [Fact]
    public void Push_to_a_ref_that_is_not_allowed_is_refused_whole()
    {
        var token = server.Token("git:acme/app:pull git:acme/app@refs/heads/alice/*:push");
        var clone = Clone(token);
        Commit(clone, "two");
        var before = GitProgram.RunText(repository, "rev-parse", "main");
        var push = server.Git(token, clone, "push", "origin", "HEAD:refs/heads/alice/topic", "HEAD:main");
        Assert.Equal(1, push.ExitCode);
        Assert.Contains("main (update is not allowed by the token)", push.Error, StringComparison.Ordinal);
        Assert.Contains("alice/topic (not changed: another ref in this push was refused)", push.Error, StringComparison.Ordinal);
        Assert.Equal(before, GitProgram.RunText(repository, "rev-parse", "main"));
        Assert.Equal("", GitProgram.RunText(repository, "for-each-ref", "refs/heads/alice"));
        var allowed = server.Git(token, clone, "push", "origin", "HEAD:refs/heads/alice/topic");
        Assert.True(allowed.ExitCode == 0, allowed.Error);
    }

    [Fact]
    public void Force_needs_its_own_permission_and_is_known_by_ancestry()
    {
        var token = server.Token("git:acme/app:pull,push");
        var clone = Clone(token);
        Commit(clone, "two");
        Assert.Equal(0, server.Git(token, clone, "push", "origin", "HEAD:main").ExitCode);
        var before = GitProgram.RunText(repository, "rev-parse", "main");
        GitProgram.RunText(clone, "reset", "-q", "--hard", "HEAD~1");
        Commit(clone, "other");
        var push = server.Git(token, clone, "push", "--force", "origin", "HEAD:main");
        Assert.Equal(1, push.ExitCode);
        Assert.Contains("not a fast-forward: force is not allowed by the token", push.Error, StringComparison.Ordinal);
        Assert.Equal(before, GitProgram.RunText(repository, "rev-parse", "main"));
        Assert.Empty(Directory.GetDirectories(Path.Combine(repository, "objects"), "*incoming*"));
        var forced = server.Git(server.Token("git:acme/app:pull,push,force"), clone, "push", "--force", "origin", "HEAD:main");
        Assert.True(forced.ExitCode == 0, forced.Error);
    }

    [Fact]
    public void Moving_a_tag_is_force()
    {
        var token = server.Token("git:acme/app:pull,push");
        var clone = Clone(token);
        Commit(clone, "two");
        GitProgram.RunText(clone, "tag", "-f", "v1");
        var push = server.Git(token, clone, "push", "--force", "origin", "v1");
        Assert.Equal(1, push.ExitCode);
        Assert.Contains("force is not allowed by the token", push.Error, StringComparison.Ordinal);
        Assert.Equal(0, server.Git(server.Token("git:acme/app:force,pull"), clone, "push", "--force", "origin", "v1").ExitCode);
    }

    [Fact]
    public void Deleting_needs_delete()
    {
        var token = server.Token("git:acme/app:pull,push");
        var clone = Clone(token);
        Assert.Equal(0, server.Git(token, clone, "push", "origin", "HEAD:refs/heads/old").ExitCode);
        Assert.Equal(1, server.Git(token, clone, "push", "origin", ":refs/heads/old").ExitCode);
        Assert.Equal(0, server.Git(server.Token("git:acme/app:pull,delete"), clone, "push", "origin", ":refs/heads/old").ExitCode);
    }

    [Fact]
    public void A_repository_is_made_by_pushing_to_it_where_that_is_allowed()
    {
        var clone = Clone(server.Token("git:acme/app:pull"));
        var url = server.Url("acme/new/one");
        Assert.Equal(128, server.Git(server.Token("git:acme/*:pull,push"), clone, "push", url, "HEAD:main").ExitCode);
        var push = server.Git(server.Token("git:acme/new/*:pull,push,init"), clone, "push", url, "HEAD:main");
        Assert.True(push.ExitCode == 0, push.Error);
        Assert.NotNull(server.Repositories.Locate(Portcullis.Git.Names.RepositoryPath.Parse("acme/new/one")));
    }

    [Fact]
    public void Hooks_of_the_repository_run_and_know_the_pusher()
    {
        var seen = Path.Combine(work, "seen");
        foreach (var hook in (string[])["pre-receive", "update", "post-receive"])
        {
            var path = Path.Combine(repository, "hooks", hook);
            File.WriteAllText(path, $"#!/bin/sh\necho \"$0 $REMOTE_USER $PORTCULLIS_ISSUER $1\" >>'{seen}'\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        // Both ways: with our check in front of them, and without.
        foreach (var scope in (string[])["git:acme/app:pull,push", "git:acme/app:pull,push,force"])
        {
            var token = server.Token(scope);
            var clone = Clone(token);
            Commit(clone, "two");
            File.Delete(seen);
            var push = server.Git(token, clone, "push", "origin", "HEAD:main");
            Assert.True(push.ExitCode == 0, push.Error);
            var lines = File.ReadAllLines(seen);
            Assert.Equal(["pre-receive", "update", "post-receive"], lines.Select(line => Path.GetFileName(line.Split(' ')[0])));
            Assert.All(lines, line => Assert.Contains("alice " + GatewayServer.Audience, line, StringComparison.Ordinal));
        }

        Assert.Contains("alice <alice@git.example.com>", File.ReadAllText(Path.Combine(repository, "logs/refs/heads/main")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hook_that_declines_is_heard()
    {
        var path = Path.Combine(repository, "hooks", "pre-receive");
        File.WriteAllText(path, "#!/bin/sh\necho not today >&2\nexit 1\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var token = server.Token("git:acme/app:pull,push");
        var clone = Clone(token);
        Commit(clone, "two");
        var push = server.Git(token, clone, "push", "origin", "HEAD:main");
        Assert.Equal(1, push.ExitCode);
        Assert.Contains("remote: not today", push.Error, StringComparison.Ordinal);
    }

    private string Clone(string token)
    {
        var clone = Path.Combine(work, Guid.NewGuid().ToString("N"));
        var result = server.Git(token, null, "clone", "-q", server.Url("acme/app"), clone);
        Assert.True(result.ExitCode == 0, result.Error);
        return clone;
    }

    private static void Commit(string clone, string text)
    {
        File.AppendAllText(Path.Combine(clone, "file"), text + "\n");
        GitProgram.RunText(clone, "commit", "-q", "-am", text);
    }
}
