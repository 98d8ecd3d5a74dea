using Portcullis.EndToEnd.Clients;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Hosting;

/// <summary>What a repository kept on Portcullis's own disk can do beyond the wire: hooks, reflog, configuration, signed pushes, reftable.</summary>
public sealed class HostBehaviour(HostSite site) : IClassFixture<HostSite>
{
    [Fact]
    public async Task The_reflog_and_the_hooks_see_who_the_token_says_and_not_the_commits_author()
    {
        var repository = await site.SeededRepositoryAsync();
        var folder = site.Server.RepositoryFolder(repository);
        WriteHook(folder, "post-receive", """
            { echo "$PORTCULLIS_SUBJECT|$REMOTE_USER|$GIT_COMMITTER_NAME|$GIT_PUSH_OPTION_COUNT|$GIT_PUSH_OPTION_0"; cat; } > "$GIT_DIR/seen"
            echo "hello from the hook"
            """);
        var (git, clone) = await CloneAsync(repository, "bob", "git:*:pull,push");
        var commit = await Site.CommitAsync(git, clone, "next.txt", "next\n");

        var pushed = (await git.RunAsync(clone, "push", "-o", "ci.skip=true", "origin", "main")).ShouldSucceed();

        Assert.Contains("remote: hello from the hook", pushed.Text);
        var seen = await File.ReadAllLinesAsync(Path.Combine(folder, "seen"));
        Assert.Equal("bob|bob|bob|1|ci.skip=true", seen[0]);
        Assert.EndsWith($" {commit} refs/heads/main", seen[1]);
        Assert.Contains(" bob <bob@127.0.0.1> ", (await File.ReadAllLinesAsync(Path.Combine(folder, "logs", "refs", "heads", "main")))[^1]);
        Assert.Equal("Alice", await git.OutputAsync(folder, "log", "-1", "--format=%an", "main"));
    }

    [Theory]
    [InlineData("pre-receive")]
    [InlineData("update")]
    [InlineData("reference-transaction")]
    public async Task A_hook_can_refuse_a_push(string hook)
    {
        var repository = await site.SeededRepositoryAsync();
        WriteHook(site.Server.RepositoryFolder(repository), hook, "echo 'not on a Friday'; exit 1");
        var (git, clone) = await CloneAsync(repository, "bob", "git:*:pull,push");
        await Site.CommitAsync(git, clone, "next.txt", "next\n");
        var before = await site.RefsAsync(repository);

        var pushed = (await git.RunAsync(clone, "push", "origin", "main", "main:refs/heads/other")).ShouldFail();

        // What a reference-transaction hook prints stays in the server's log: receive-pack keeps it from the sideband (refs.c).
        if (hook != "reference-transaction")
        {
            Assert.Contains("remote: not on a Friday", pushed.Text);
        }

        Assert.Equal(before, await site.RefsAsync(repository));
        await site.CheckRepositoryAsync(repository);
    }

    [Fact]
    public async Task A_hook_works_beside_the_check_of_ancestry()
    {
        // A token without `force`: the gateway looks into the quarantine before the repository's own hook does.
        var repository = await site.SeededRepositoryAsync();
        var folder = site.Server.RepositoryFolder(repository);
        WriteHook(folder, "pre-receive", "cat > \"$GIT_DIR/pre\"");
        WriteHook(folder, "post-receive", "cat > \"$GIT_DIR/post\"");
        var (git, clone) = await CloneAsync(repository, "bob", "git:*:pull", "git:*@refs/heads/*:push");
        await git.OutputAsync(clone, "checkout", "--quiet", "-b", "work", "origin/alice/topic");
        var commit = await Site.CommitAsync(git, clone, "next.txt", "next\n");

        (await git.RunAsync(clone, "push", "origin", "work:alice/topic")).ShouldSucceed();

        Assert.Contains(commit, await File.ReadAllTextAsync(Path.Combine(folder, "pre")));
        Assert.Contains(commit, await File.ReadAllTextAsync(Path.Combine(folder, "post")));
    }

    [Fact]
    public async Task A_repositorys_own_configuration_keeps_working()
    {
        var repository = await site.SeededRepositoryAsync();
        var folder = site.Server.RepositoryFolder(repository);
        var (git, clone) = await CloneAsync(repository, "bob", "git:*:pull,push,force,delete");
        await site.NewGit().OutputAsync(folder, "config", "receive.denyNonFastForwards", "true");
        await git.OutputAsync(clone, "commit", "--quiet", "--amend", "-m", "rewritten");

        var pushed = (await git.RunAsync(clone, "push", "--force", "origin", "main")).ShouldFail();

        Assert.Contains("non-fast-forward", pushed.Text);
    }

    [Fact]
    public async Task Malicious_objects_are_refused()
    {
        // The attack: a tree that names .git, which a careless checkout would write into the repository's own folder (CVE-2014-9390).
        var repository = await site.SeededRepositoryAsync();
        var (git, clone) = await CloneAsync(repository, "bob", "git:*:pull,push");
        var blob = (await git.RunWithInputAsync(clone, "[core]\n", "hash-object", "-w", "--stdin")).ShouldSucceed().Output.Trim();
        var inner = (await git.RunWithInputAsync(clone, $"100644 blob {blob}\tconfig\n", "mktree")).ShouldSucceed().Output.Trim();
        var tree = (await git.RunWithInputAsync(clone, $"40000 tree {inner}\t.git\n", "mktree")).ShouldSucceed().Output.Trim();
        var commit = await git.OutputAsync(clone, "commit-tree", "-m", "evil", tree);
        var before = await site.RefsAsync(repository);

        var pushed = (await git.RunAsync(clone, "push", "origin", $"{commit}:refs/heads/evil")).ShouldFail();

        Assert.Contains("hasDotgit", pushed.Text);
        Assert.Equal(before, await site.RefsAsync(repository));
    }

    [Fact]
    public async Task A_signed_push_is_verified_and_its_certificate_reaches_the_hook()
    {
        var repository = await site.SeededRepositoryAsync();
        var folder = site.Server.RepositoryFolder(repository);
        var (git, clone) = await CloneAsync(repository, "bob", "git:*:pull,push");
        var key = Path.Combine(git.Home, "key");
        (await Shell.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "bob", "-f", key], git.Home, git.Environment)).ShouldSucceed();
        var allowed = Path.Combine(folder, "allowed-signers");
        await File.WriteAllTextAsync(allowed, $"* {await File.ReadAllTextAsync(key + ".pub")}");
        var server = site.NewGit();
        await server.OutputAsync(folder, "config", "receive.certNonceSeed", "a seed of this test");
        await server.OutputAsync(folder, "config", "receive.certNonceSlop", "300");
        await server.OutputAsync(folder, "config", "gpg.format", "ssh");
        await server.OutputAsync(folder, "config", "gpg.ssh.allowedSignersFile", allowed);
        WriteHook(folder, "post-receive", "echo \"$GIT_PUSH_CERT_STATUS|$GIT_PUSH_CERT_NONCE_STATUS\" > \"$GIT_DIR/certificate\"; git cat-file blob \"$GIT_PUSH_CERT\" >> \"$GIT_DIR/certificate\"");
        git = git.WithConfig("gpg.format", "ssh").WithConfig("user.signingKey", key);
        var commit = await Site.CommitAsync(git, clone, "signed.txt", "signed\n");

        (await git.RunAsync(clone, "push", "--signed", "origin", "main")).ShouldSucceed();

        var certificate = await File.ReadAllTextAsync(Path.Combine(folder, "certificate"));

        // The nonce names the second in which it was given: SLOP is that of a moment before, within what the repository allows.
        Assert.Matches(@"^G\|(OK|SLOP)$", certificate.Split('\n')[0]);
        Assert.Contains($"{commit} refs/heads/main", certificate);
        await site.Server.Audit.WaitForAsync(repository, "push", "allowed");
    }

    [Fact]
    public async Task A_signed_push_to_a_branch_that_is_not_allowed_is_refused()
    {
        var repository = await site.SeededRepositoryAsync();
        var folder = site.Server.RepositoryFolder(repository);
        await site.NewGit().OutputAsync(folder, "config", "receive.certNonceSeed", "a seed of this test");
        var (git, clone) = await CloneAsync(repository, "bob", "git:*:pull", "git:*@refs/heads/bob/*:push");
        var key = Path.Combine(git.Home, "key");
        (await Shell.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "bob", "-f", key], git.Home, git.Environment)).ShouldSucceed();
        git = git.WithConfig("gpg.format", "ssh").WithConfig("user.signingKey", key);
        await Site.CommitAsync(git, clone, "signed.txt", "signed\n");
        var before = await site.RefsAsync(repository);

        var pushed = (await git.RunAsync(clone, "push", "--signed", "origin", "main")).ShouldFail();

        Assert.Contains("[remote rejected]", pushed.Text);
        Assert.Equal(before, await site.RefsAsync(repository));
    }

    [Fact]
    public async Task A_repository_whose_refs_are_in_a_reftable_is_served_by_a_git_that_has_it()
    {
        Assert.SkipWhen(AllClients.NewerGit is null, "the newer git is not here: ./test.sh fetches it");
        using var folder = new TemporaryFolder();
        await using var server = await PortcullisServer.StartAsync(folder.Make("server"), $"git: {{ program: \"{AllClients.NewerGit}\" }}");
        var newer = new Git(folder["newer-home"], AllClients.NewerGit!);
        var bare = Directory.CreateDirectory(server.RepositoryFolder("acme/table")).FullName;
        await newer.OutputAsync(bare, "init", "--quiet", "--bare", "--ref-format=reftable", ".");
        var git = new Git(folder["home"]);
        var work = folder.Make("work");
        await git.OutputAsync(work, "init", "--quiet", ".");
        var commit = await Site.CommitAsync(git, work, "first.txt", "first\n");
        var owner = git.WithPassword(await server.TokenAsync("owner", "git:acme/table:pull,push"));

        (await owner.RunAsync(work, "push", $"{server.Url}/acme/table.git", "main", "main:refs/heads/hidden")).ShouldSucceed();
        Assert.Contains($"{commit} refs/heads/main", await newer.OutputAsync(bare, "for-each-ref", "--format=%(objectname) %(refname)"));

        var reader = git.WithPassword(await server.TokenAsync("reader", "git:acme/table@refs/heads/main:pull"));
        foreach (var version in (string[])["0", "2"])
        {
            var listed = await reader.WithConfig("protocol.version", version).OutputAsync(work, "ls-remote", $"{server.Url}/acme/table.git");
            Assert.Equal([$"{commit}\tHEAD", $"{commit}\trefs/heads/main"], listed.Split('\n'));
        }

        (await reader.RunAsync(folder.Path, "clone", "--quiet", $"{server.Url}/acme/table.git", "clone")).ShouldSucceed();
        await Site.CommitAsync(git, work, "second.txt", "second\n");
        (await reader.RunAsync(work, "push", $"{server.Url}/acme/table.git", "main")).ShouldFail();
        (await owner.RunAsync(work, "push", $"{server.Url}/acme/table.git", "main")).ShouldSucceed();
        (await newer.RunAsync(bare, "fsck", "--full", "--strict")).ShouldSucceed();
    }

    private static void WriteHook(string repositoryFolder, string name, string script)
    {
        var hooks = Directory.CreateDirectory(Path.Combine(repositoryFolder, "hooks")).FullName;
        var path = Path.Combine(hooks, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task<(Git Git, string Clone)> CloneAsync(string repository, string subject, params string[] permissions)
    {
        var git = site.NewGit().WithPassword(await site.TokenAsync(subject, permissions));
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", $"{site.Url}/{repository}.git", "clone")).ShouldSucceed();
        return (git, Path.Combine(work, "clone"));
    }
}
