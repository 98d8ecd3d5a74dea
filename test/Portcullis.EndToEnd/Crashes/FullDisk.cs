using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Crashes;

/// <summary>A disk that fills up, made with a small tmpfs of its own: needs root.</summary>
public sealed class FullDisk
{
    private static readonly Dictionary<string, string> s_nothing = [];

    [Fact]
    public async Task A_push_that_fills_the_disk_is_refused_and_leaves_nothing()
    {
        await using var disk = await SmallDisk.MountAsync("16m");
        using var folder = new TemporaryFolder();
        await using var server = await PortcullisServer.StartAsync(folder.Make("server"), $"repositories: {{ root: \"{disk.Path}/repositories\" }}");
        (await server.CommandAsync("repo", "create", "acme/app")).ShouldSucceed();
        var (git, work) = (new Git(folder["home"]), folder.Make("work"));
        var token = await server.TokenAsync("alice", "git:acme/app:pull,push");
        await git.OutputAsync(work, "init", "--quiet", ".");
        await Site.CommitAsync(git, work, "small.txt", "small\n");
        git = git.WithBearer(token);
        (await git.RunAsync(work, "push", "--quiet", $"{server.Url}/acme/app.git", "main")).ShouldSucceed();
        var repository = System.IO.Path.Combine(disk.Path, "repositories", "acme", "app.git");
        var before = await git.OutputAsync(repository, "for-each-ref");

        var large = new byte[40_000_000];
        Random.Shared.NextBytes(large);
        await File.WriteAllBytesAsync(System.IO.Path.Combine(work, "large.bin"), large);
        await git.OutputAsync(work, "add", "large.bin");
        await git.OutputAsync(work, "commit", "--quiet", "-m", "large");
        (await git.RunAsync(work, "push", $"{server.Url}/acme/app.git", "main")).ShouldFail();

        await PushInProgress.WaitUntilCleanAsync(repository);
        Assert.Equal(before, await git.OutputAsync(repository, "for-each-ref"));
        (await git.RunAsync(repository, "fsck", "--full", "--strict")).ShouldSucceed();
        await server.Audit.WaitForAsync("acme/app", "push", "failed");
        await git.OutputAsync(work, "reset", "--quiet", "--hard", "HEAD^");
        await Site.CommitAsync(git, work, "next.txt", "next\n");
        (await git.RunAsync(work, "push", $"{server.Url}/acme/app.git", "main")).ShouldSucceed();
    }

    [Fact]
    public async Task Without_room_for_the_audit_nothing_is_allowed_until_there_is_room_again()
    {
        await using var disk = await SmallDisk.MountAsync("24m");
        using var folder = new TemporaryFolder();
        await using var server = await PortcullisServer.StartAsync(folder.Make("server"), $"audit: {{ directory: \"{disk.Path}/audit\" }}");
        (await server.CommandAsync("repo", "create", "acme/app")).ShouldSucceed();
        var token = await server.TokenAsync("alice", "git:acme/app:pull");
        string[] headers = [$"Authorization: Bearer {token}"];
        const string Target = "GET /acme/app.git/info/refs?service=git-upload-pack HTTP/1.1";
        Assert.Equal(200, (await RawHttp.SendAsync(server.Uri, Target, headers))!.Status);

        // The log holds room in advance: it is used up first, and no decision is lost.
        await FillAsync(disk.Path);
        await AskUntilRefusedAsync($"{server.Url}/acme/app.git/info/refs?service=git-upload-pack", token);
        Assert.Equal(503, (await RawHttp.SendAsync(server.Uri, Target, headers))!.Status);
        Assert.Equal(503, (await RawHttp.SendAsync(server.Uri, "GET /readyz HTTP/1.1", []))!.Status);

        File.Delete(System.IO.Path.Combine(disk.Path, "filler"));
        await Eventually.UntilAsync(
            async () => (await RawHttp.SendAsync(server.Uri, Target, headers))!.Status == 200, () => "there is room again, and still no access");

        await server.StopAsync();
        (await server.CommandAsync("audit", "verify")).ShouldSucceed();
    }

    private static async Task AskUntilRefusedAsync(string url, string token)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        client.DefaultRequestHeaders.Add("Git-Protocol", "version=2");
        client.DefaultRequestHeaders.Add("User-Agent", new string('x', 250));
        var refused = false;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var i = 0; i < 20_000 && !refused; i++)
            {
                using var response = await client.GetAsync(url);
                Assert.True((int)response.StatusCode is 200 or 503, $"{response.StatusCode}");
                refused |= (int)response.StatusCode == 503;
            }
        }));
        Assert.True(refused, "everything was allowed");
    }

    private static async Task FillAsync(string folder)
        => await Shell.RunAsync("dd", ["if=/dev/zero", $"of={folder}/filler", "bs=64k"], folder, s_nothing);

    private sealed class SmallDisk(TemporaryFolder folder) : IAsyncDisposable
    {
        public string Path => folder.Path;

        public static async Task<SmallDisk> MountAsync(string size)
        {
            var folder = new TemporaryFolder();
            var mounted = await Shell.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder.Path], "/", s_nothing);
            if (mounted.ExitCode != 0)
            {
                folder.Dispose();
                Assert.Skip($"a tmpfs can't be mounted here: {mounted.Error}");
            }

            return new SmallDisk(folder);
        }

        public async ValueTask DisposeAsync()
        {
            await Shell.RunAsync("umount", ["--lazy", folder.Path], "/", s_nothing);
            folder.Dispose();
        }
    }
}
