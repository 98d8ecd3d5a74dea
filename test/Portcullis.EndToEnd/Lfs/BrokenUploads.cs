using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Lfs;

/// <summary>Uploads that end badly: a killed server, a full disk. Nothing half is ever there, and nothing is left behind.</summary>
public sealed class BrokenUploads
{
    [Fact]
    public async Task A_killed_server_leaves_no_object_and_tidies_up_when_it_starts_again()
    {
        using var folder = new TemporaryFolder();
        await using var server = await PortcullisServer.StartAsync(folder.Make("server"));
        (await server.CommandAsync("repo", "create", "acme/app")).ShouldSucceed();
        var content = new byte[400_000];
        var action = await BatchAsync(server, content);
        var lfs = Path.Combine(server.RepositoryFolder("acme/app"), "lfs");
        var incoming = Path.Combine(lfs, "incoming");
        using var half = new System.Net.Sockets.TcpClient();
        await half.ConnectAsync(IPAddress.Loopback, server.Uri.Port);
        await half.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(
            $"PUT {new Uri(action.GetProperty("href").GetString()!).PathAndQuery} HTTP/1.1\r\nHost: x\r\nContent-Length: {content.Length}\r\n"
            + $"Portcullis-Transfer: {action.GetProperty("header").GetProperty("Portcullis-Transfer").GetString()}\r\n\r\n"));
        await half.GetStream().WriteAsync(content.AsMemory(0, 300_000));
        await Eventually.UntilAsync(() => Directory.Exists(incoming) && Directory.GetFiles(incoming).Any(file => new FileInfo(file).Length == 300_000), () => "half of the object did not arrive");

        await server.KillAsync();

        var left = Assert.Single(Directory.GetFiles(incoming));
        Assert.False(Directory.Exists(Path.Combine(lfs, "objects")));
        File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddMinutes(-5));
        await server.StartAsync();
        await Eventually.UntilAsync(() => Directory.GetFiles(incoming).Length == 0, () => "half of an object is left behind");

        // And the credential outlives the restart: the client goes on with what it has.
        Assert.Equal(HttpStatusCode.OK, await PutAsync(server, action, content));
        Assert.Single(Directory.GetFiles(Path.Combine(lfs, "objects"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_full_disk_is_said_and_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        var disk = folder.Make("disk");
        var mounted = await Shell.RunAsync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], "/", new Dictionary<string, string>());
        Assert.SkipUnless(mounted.ExitCode == 0, $"a tmpfs can't be mounted here: {mounted.Error}");
        try
        {
            await using var server = await PortcullisServer.StartAsync(folder.Make("server"), $"lfs: {{ root: \"{disk}/objects\" }}");
            (await server.CommandAsync("repo", "create", "acme/app")).ShouldSucceed();
            var content = new byte[6_000_000];
            Random.Shared.NextBytes(content);
            var action = await BatchAsync(server, content);

            // There was room when it was asked for; there is none when it comes.
            await File.WriteAllBytesAsync(Path.Combine(disk, "filler"), new byte[4_000_000]);
            Assert.Equal(HttpStatusCode.InsufficientStorage, await PutAsync(server, action, content));
            Assert.Empty(Directory.GetFiles(Path.Combine(disk, "objects"), "*", SearchOption.AllDirectories));
            await server.Audit.WaitForAsync("acme/app", "lfs-upload", "failed");

            // Now it is said before anything is sent; and to a person, by git-lfs.
            var git = new Git(folder["home"]).WithBearer(await server.TokenAsync("alice", "git:acme/app:pull,push"));
            var work = folder.Make("work");
            await git.OutputAsync(work, "init", "--quiet", ".");
            await git.OutputAsync(work, "lfs", "install", "--local");
            await git.OutputAsync(work, "lfs", "track", "*.bin");
            await File.WriteAllBytesAsync(Path.Combine(work, "large.bin"), content);
            await git.OutputAsync(work, "add", ".");
            await git.OutputAsync(work, "commit", "--quiet", "-m", "large");
            var refused = (await git.RunAsync(work, "push", $"{server.Url}/acme/app.git", "main")).ShouldFail();
            Assert.Contains("no room for the object", refused.Text, StringComparison.Ordinal);

            File.Delete(Path.Combine(disk, "filler"));
            (await git.RunAsync(work, "push", $"{server.Url}/acme/app.git", "main")).ShouldSucceed();
            Assert.True(Directory.Exists(Path.Combine(disk, "objects", "acme", "app.git", "objects")));
            (await server.CommandAsync("repo", "delete", "acme/app", "--yes")).ShouldSucceed();
            Assert.False(Directory.Exists(Path.Combine(disk, "objects", "acme", "app.git")));
        }
        finally
        {
            await Shell.RunAsync("umount", ["--lazy", disk], "/", new Dictionary<string, string>());
        }
    }

    private static async Task<JsonElement> BatchAsync(PortcullisServer server, byte[] content)
    {
        using var client = new HttpClient();
        var oid = Convert.ToHexStringLower(SHA256.HashData(content));
        var request = new HttpRequestMessage(HttpMethod.Post, $"{server.Url}/acme/app.git/info/lfs/objects/batch")
        {
            Content = new StringContent($$"""{"operation":"upload","objects":[{"oid":"{{oid}}","size":{{content.Length}}}]}"""),
        };
        request.Content.Headers.ContentType = new("application/vnd.git-lfs+json");
        request.Headers.Authorization = new("Bearer", await server.TokenAsync("alice", "git:acme/app:pull,push"));
        using var response = await client.SendAsync(request);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("objects")[0].GetProperty("actions").GetProperty("upload").Clone();
    }

    private static async Task<HttpStatusCode> PutAsync(PortcullisServer server, JsonElement action, byte[] content)
    {
        using var client = new HttpClient { BaseAddress = server.Uri };
        var request = new HttpRequestMessage(HttpMethod.Put, action.GetProperty("href").GetString()) { Content = new ByteArrayContent(content) };
        request.Headers.Add("Portcullis-Transfer", action.GetProperty("header").GetProperty("Portcullis-Transfer").GetString());
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }
}
