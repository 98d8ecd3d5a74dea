using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Crashes;

/// <summary>Who takes too much, too long or too slowly is stopped, hears it where that is possible, and leaves a line in the audit and nothing else.</summary>
public sealed class LimitsReached
{
    [Fact]
    public async Task Beyond_the_operations_that_may_run_at_once_one_waits_and_then_hears_when_to_come_again()
    {
        // What comes before the push is under the same limit: a git that has answered must have ended by the time that the next one has waited.
        await using var site = new LimitedSite("limits: { maxConcurrentGitProcesses: 1, gitProcessQueueTimeout: 5s }");
        await site.InitializeAsync();
        var (repository, folder, git, clone, token) = await PushInProgress.PrepareAsync(site);
        await using (var push = await PushInProgress.StartAsync(site.Server, git, clone, repository, token))
        {
            await PushInProgress.WaitUntilStoredAsync(folder);
            var refused = await FetchAsync(site, repository, token);
            Assert.Equal(503, refused.Status);
            Assert.InRange(int.Parse(refused.Header("Retry-After")!), 1, 60);
            Assert.Contains("as many Git operations as it may", refused.Text, StringComparison.Ordinal);
            var line = Assert.Single(await site.Server.Audit.WaitForAsync(repository, "fetch", "failed"));
            Assert.Equal("busy", AuditTrail.Text(line, "reason"));

            Assert.Contains("ok refs/heads/big", (await push.FinishAsync())!.Text, StringComparison.Ordinal);
        }

        // The place is free again.
        Assert.Equal(200, (await FetchAsync(site, repository, token)).Status);
    }

    [Fact]
    public async Task An_operation_beyond_its_time_is_cut_and_leaves_nothing()
    {
        // Time enough for all that is to be done, and for half a pack to be stored, on a machine that does much else.
        await using var site = new LimitedSite("limits: { gitProcessTimeout: 15s }");
        await site.InitializeAsync();
        var (repository, folder, git, clone, token) = await PushInProgress.PrepareAsync(site);
        var before = await site.RefsAsync(repository);
        await using var push = await PushInProgress.StartAsync(site.Server, git, clone, repository, token);
        await PushInProgress.WaitUntilStoredAsync(folder);

        var line = Assert.Single(await site.Server.Audit.WaitForAsync(repository, "push", "failed"));

        Assert.Equal("time_limit", AuditTrail.Text(line, "reason"));
        await PushInProgress.WaitUntilCleanAsync(folder);
        Assert.Equal(before, await site.RefsAsync(repository));
        await site.CheckRepositoryAsync(repository);
    }

    [Fact]
    public async Task A_body_that_trickles_is_cut_and_leaves_nothing()
    {
        await using var site = new LimitedSite("limits: { minRequestBodyBytesPerSecond: 1MiB }");
        await site.InitializeAsync();
        var (repository, folder, git, clone, token) = await PushInProgress.PrepareAsync(site);
        var before = await site.RefsAsync(repository);

        // Half a pack at once, then nothing: Kestrel's patience is five seconds.
        await using var push = await PushInProgress.StartAsync(site.Server, git, clone, repository, token);
        bool IsCut(JsonElement line) => AuditTrail.Is(line, "repository", repository) && AuditTrail.Is(line, "operation", "push") && !AuditTrail.Is(line, "outcome", "allowed");

        // As a rule git has begun to store the pack by then. On a machine that does much else it may be cut before: nothing was there then to be left behind.
        await Eventually.UntilAsync(() => PushInProgress.Left(folder).Count > 0 || site.Server.Audit.Read().Any(IsCut), () => "git has not begun to store the pack, nor was it cut");

        Assert.NotEmpty(await site.Server.Audit.WaitForAsync(IsCut, "a body too slow"));
        await PushInProgress.WaitUntilCleanAsync(folder);
        Assert.Equal(before, await site.RefsAsync(repository));
        await site.CheckRepositoryAsync(repository);
    }

    [Fact]
    public async Task Request_heads_that_trickle_do_not_keep_others_out()
    {
        await using var site = new LimitedSite("");
        await site.InitializeAsync();
        var (repository, _, _, _, token) = await PushInProgress.PrepareAsync(site);
        var clients = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                var client = new TcpClient();
                clients.Add(client);
                await client.ConnectAsync(site.Server.Uri.Host, site.Server.Uri.Port);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1\r\nX-"));
            }

            Assert.Equal(200, (await FetchAsync(site, repository, token)).Status);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    private static async Task<RawResponse> FetchAsync(HostSite site, string repository, string token)
    {
        var want = (await site.RefsAsync(repository)).Split('\n').Single(line => line.EndsWith("refs/heads/main", StringComparison.Ordinal)).Split(' ')[0];
        return (await RawHttp.SendAsync(
            site.Server.Uri,
            $"POST /{repository}.git/git-upload-pack HTTP/1.1",
            [$"Authorization: Bearer {token}", "Content-Type: application/x-git-upload-pack-request"],
            Encoding.ASCII.GetBytes($"0032want {want}\n00000009done\n")))!;
    }

    private sealed class LimitedSite(string settings) : HostSite
    {
        protected override Task<PortcullisServer> StartAsync(string folder) => PortcullisServer.StartAsync(folder, settings);
    }
}
