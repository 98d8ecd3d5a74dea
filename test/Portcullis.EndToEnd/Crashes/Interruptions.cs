using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Crashes;

/// <summary>Whatever stops a push in its middle, the repository is whole, no ref has moved, nothing temporary stays, and the audit tells.</summary>
public sealed class Interruptions
{
    [Fact]
    public async Task A_client_gone_in_mid_push_leaves_nothing()
    {
        await using var site = new HostSite();
        await site.InitializeAsync();
        var (repository, folder, git, clone, token) = await PushInProgress.PrepareAsync(site);
        var before = await site.RefsAsync(repository);
        await using var push = await PushInProgress.StartAsync(site.Server, git, clone, repository, token);
        await PushInProgress.WaitUntilStoredAsync(folder);

        push.Vanish();

        await PushInProgress.WaitUntilCleanAsync(folder);
        var line = Assert.Single(await site.Server.Audit.WaitForAsync(repository, "push", "failed"));
        Assert.Equal("alice", AuditTrail.Text(line, "subject"));
        await AssertUntouchedAsync(site, repository, before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_killed_in_mid_push_leaves_nothing_after_the_next_start(bool withItsChildren)
    {
        await using var site = new HostSite();
        await site.InitializeAsync();
        var (repository, folder, git, clone, token) = await PushInProgress.PrepareAsync(site);
        var before = await site.RefsAsync(repository);
        await using (var push = await PushInProgress.StartAsync(site.Server, git, clone, repository, token))
        {
            await PushInProgress.WaitUntilStoredAsync(folder);
            await site.Server.KillAsync(withItsChildren);
        }

        await site.Server.StartAsync();

        await PushInProgress.WaitUntilCleanAsync(folder);
        var line = Assert.Single(await site.Server.Audit.WaitForAsync(repository, "push", "failed"));
        Assert.Equal("alice", AuditTrail.Text(line, "subject"));
        await AssertUntouchedAsync(site, repository, before);
        (await git.WithBearer(token).RunAsync(clone, "push", "--quiet", "origin", "HEAD:refs/heads/big")).ShouldSucceed();
        (await site.Server.CommandAsync("audit", "verify")).ShouldSucceed();
    }

    [Fact]
    public async Task A_server_told_to_end_ends_the_push_cleanly()
    {
        await using var site = new HostSite();
        await site.InitializeAsync();
        var (repository, folder, git, clone, token) = await PushInProgress.PrepareAsync(site);
        var before = await site.RefsAsync(repository);
        await using var push = await PushInProgress.StartAsync(site.Server, git, clone, repository, token);
        await PushInProgress.WaitUntilStoredAsync(folder);

        await site.Server.StopAsync();

        await PushInProgress.WaitUntilCleanAsync(folder);
        Assert.NotEmpty(await site.Server.Audit.WaitForAsync(repository, "push", "failed"));
        await AssertUntouchedAsync(site, repository, before);
    }

    [Fact]
    public async Task A_client_gone_in_mid_clone_leaves_no_git_process()
    {
        await using var site = new HostSite();
        await site.InitializeAsync();
        var (repository, _, git, clone, token) = await PushInProgress.PrepareAsync(site);
        await using (var push = await PushInProgress.StartAsync(site.Server, git, clone, repository, token, 40_000_000))
        {
            Assert.Contains("ok refs/heads/big", (await push.FinishAsync())!.Text);
        }

        using (var client = new System.Net.Sockets.TcpClient())
        {
            await client.ConnectAsync(site.Server.Uri.Host, site.Server.Uri.Port);
            var want = (await site.RefsAsync(repository)).Split('\n').Single(line => line.EndsWith("refs/heads/big", StringComparison.Ordinal)).Split(' ')[0];
            var body = $"0032want {want}\n00000009done\n";
            await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(
                $"POST /{repository}.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/x-git-upload-pack-request\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            var some = new byte[4096];
            Assert.NotEqual(0, await client.GetStream().ReadAsync(some));
            client.Client.LingerState = new System.Net.Sockets.LingerOption(enable: true, seconds: 0);
        }

        await Eventually.UntilAsync(() => !HasChildren(site.Server.ProcessId), () => "git runs on for nobody");

        await site.Server.Audit.WaitForAsync(repository, "fetch", "failed");
    }

    private static async Task AssertUntouchedAsync(HostSite site, string repository, string before)
    {
        Assert.Equal(before, await site.RefsAsync(repository));
        await site.CheckRepositoryAsync(repository);
        var run = Path.Combine(site.Server.DataFolder, "run", "pushes");
        Assert.Empty(Directory.Exists(run) ? Directory.EnumerateFileSystemEntries(run) : []);
    }

    private static bool HasChildren(int processId)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{processId}/task").Any(task => File.ReadAllText(Path.Combine(task, "children")).Trim().Length > 0);
        }
        catch (IOException)
        {
            // A thread has ended while it was looked at. Its children are another one's by now: look again.
            return true;
        }
    }
}
