using System.Net.Sockets;
using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Crashes;

/// <summary>A push of a large pack that has been sent in half, by a client that can then do anything.</summary>
public sealed class PushInProgress : IAsyncDisposable
{
    private readonly TcpClient _client;
    private readonly byte[] _rest;

    private PushInProgress(TcpClient client, byte[] rest, string commit)
    {
        _client = client;
        _rest = rest;
        Commit = commit;
    }

    /// <summary>The commit that the push would bring to refs/heads/big.</summary>
    public string Commit { get; }

    /// <summary>A repository with some history, a clone of it, and a token that may push to it.</summary>
    public static async Task<(string Repository, string Folder, Git Git, string Clone, string Token)> PrepareAsync(HostSite site)
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", "git:*:pull,push");
        var (git, work) = (site.NewGit(), site.NewFolder());
        (await git.WithBearer(token).RunAsync(work, "clone", "--quiet", $"{site.Url}/{repository}.git", "clone")).ShouldSucceed();
        return (repository, site.Server.RepositoryFolder(repository), git, Path.Combine(work, "clone"), token);
    }

    /// <summary>Makes a commit with a large file in a clone, and sends the first half of its push.</summary>
    public static async Task<PushInProgress> StartAsync(PortcullisServer server, Git git, string clone, string repository, string token, int bytes = 8_000_000)
    {
        var content = new byte[bytes];
        Random.Shared.NextBytes(content);
        await File.WriteAllBytesAsync(Path.Combine(clone, "big.bin"), content);
        await git.OutputAsync(clone, "add", "big.bin");
        await git.OutputAsync(clone, "commit", "--quiet", "-m", "big");
        var commit = await git.OutputAsync(clone, "rev-parse", "HEAD");
        var name = (await git.RunWithInputAsync(clone, $"{commit}\n^{commit}^\n", "pack-objects", "--quiet", "--revs", Path.Combine(clone, "push"))).ShouldSucceed().Output.Trim();
        var pack = await File.ReadAllBytesAsync(Path.Combine(clone, $"push-{name}.pack"));

        var command = $"{new string('0', 40)} {commit} refs/heads/big\0report-status object-format=sha1";
        byte[] body = [.. Encoding.ASCII.GetBytes($"{command.Length + 4:x4}{command}0000"), .. pack];
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Uri.Host, server.Uri.Port);
        var head = $"POST /{repository}.git/git-receive-pack HTTP/1.1\r\nHost: {server.Uri.Authority}\r\nAuthorization: Bearer {token}\r\n"
            + $"Content-Type: application/x-git-receive-pack-request\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        await client.GetStream().WriteAsync(body.AsMemory(0, body.Length / 2));
        return new PushInProgress(client, body[(body.Length / 2)..], commit);
    }

    /// <summary>Completes once git has begun to store what came: a temporary pack stands in the repository.</summary>
    public static Task WaitUntilStoredAsync(string repositoryFolder)
        => Eventually.UntilAsync(() => Left(repositoryFolder).Count > 0, () => "git has not begun to store the pack");

    /// <summary>Files that a push leaves while it runs, and nobody should find afterwards.</summary>
    public static IReadOnlyList<string> Left(string repositoryFolder)
        => [.. Directory.EnumerateFileSystemEntries(repositoryFolder, "*", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) is var name
                && (name.StartsWith("tmp_", StringComparison.Ordinal) || name.Contains("incoming", StringComparison.Ordinal) || name.EndsWith(".lock", StringComparison.Ordinal)))];

    /// <summary>Completes once nothing temporary is left.</summary>
    public static Task WaitUntilCleanAsync(string repositoryFolder)
        => Eventually.UntilAsync(() => Left(repositoryFolder).Count == 0, () => $"temporary files are left: {string.Join(' ', Left(repositoryFolder))}");

    /// <summary>Sends the rest and reads the answer.</summary>
    public async Task<RawResponse?> FinishAsync()
    {
        var stream = _client.GetStream();
        try
        {
            await stream.WriteAsync(_rest);
        }
        catch (IOException)
        {
            // The server has closed: its answer, if any, is still to be read.
        }

        using var patience = new CancellationTokenSource(Eventually.Patience);
        return await RawHttp.ReadAsync(stream, patience.Token);
    }

    /// <summary>Goes away without a word.</summary>
    public void Vanish()
    {
        _client.Client.LingerState = new LingerOption(enable: true, seconds: 0);
        _client.Close();
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
