using System.IO.Compression;
using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Attacks;

/// <summary>Bodies that grow, or inflate, until something gives way: answered in bounded time, and the server stays small. A server of its own, since its memory is looked at.</summary>
public sealed class EndlessRequests(HostSite site) : RawRequests(site), IClassFixture<HostSite>
{
    [Fact]
    public async Task A_hundred_thousand_commands_are_answered_in_bounded_time_and_memory()
    {
        var repository = await Host.SeededRepositoryAsync();
        var before = await Host.RefsAsync(repository);
        var token = await Host.TokenAsync("limited", "git:*@refs/heads/limited/*:push");
        var body = new StringBuilder(Command($"{new string('0', 40)} {new string('1', 40)} refs/heads/many/0"));
        for (var i = 1; i <= 100_001; i++)
        {
            body.Append(Line($"{new string('0', 40)} {new string('1', 40)} refs/heads/many/{i}"));
        }

        var response = await SendAsync(
            $"POST /{repository}.git/git-receive-pack HTTP/1.1", [$"Authorization: Bearer {token}", "Content-Type: application/x-git-receive-pack-request"],
            [.. Encoding.ASCII.GetBytes(body.Append("0000").ToString()), .. EmptyPack]);

        Assert.NotNull(response);
        Assert.DoesNotContain("\nok ", response.Text);
        Assert.Equal(before, await Host.RefsAsync(repository));
        AssertSmall();
    }

    [Fact]
    public async Task A_command_list_without_end_is_cut_off()
    {
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", Everything);

        // 200 MB at most: the server must have answered long before.
        var sent = await SendUntilAnsweredAsync(
            $"POST /{repository}.git/git-receive-pack HTTP/1.1",
            [$"Authorization: Bearer {token}", "Content-Type: application/x-git-receive-pack-request"],
            i => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 1000).Select(j => Line($"{new string('0', 40)} {new string('1', 40)} refs/heads/{i}/{j}/{new string('n', 900)}")))),
            200);

        Assert.True(sent < 200, "the server went on reading");
        AssertSmall();
    }

    [Fact]
    public async Task A_gzip_bomb_is_cut_off()
    {
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", Everything);
        var bomb = new MemoryStream();
        using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Line("have 1111111111111111111111111111111111111111"), 2000)));
            gzip.Write("0014command=fetch\n"u8.ToArray().AsSpan(0, 0));
            gzip.Write(Encoding.ASCII.GetBytes(Line("command=fetch") + "0001"));
            for (var i = 0; i < 5000; i++)
            {
                gzip.Write(lines);
            }
        }

        var response = await SendAsync(
            $"POST /{repository}.git/git-upload-pack HTTP/1.1",
            [$"Authorization: Bearer {token}", "Content-Type: application/x-git-upload-pack-request", "Content-Encoding: gzip", "Git-Protocol: version=2"], bomb.ToArray());

        Assert.True(response is null || response.Status is 400 or 413 || response.Text.Contains("ERR ", StringComparison.Ordinal), response?.Text);
        AssertSmall();
    }

    /// <summary>Sends a chunked body until the server answers or closes. Gives how many pieces were sent.</summary>
    private async Task<int> SendUntilAnsweredAsync(string requestLine, IEnumerable<string> headers, Func<int, byte[]> piece, int most)
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(Host.Server.Uri.Host, Host.Server.Uri.Port);
        await using var stream = client.GetStream();
        using var patience = new CancellationTokenSource(Eventually.Patience);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"{requestLine}\r\nHost: x\r\n{string.Concat(headers.Select(header => header + "\r\n"))}Transfer-Encoding: chunked\r\n\r\n"), patience.Token);
        var answer = stream.ReadAsync(new byte[4096], patience.Token).AsTask();
        for (var i = 0; i < most; i++)
        {
            if (answer.IsCompleted)
            {
                return i;
            }

            try
            {
                var chunk = piece(i);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"), patience.Token);
                await stream.WriteAsync(chunk, patience.Token);
                await stream.WriteAsync("\r\n"u8.ToArray(), patience.Token);
            }
            catch (IOException)
            {
                return i;
            }
        }

        return most;
    }

    /// <summary>The server's memory stays small whatever was sent.</summary>
    private void AssertSmall()
    {
        var resident = File.ReadLines($"/proc/{Host.Server.ProcessId}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var megabytes = int.Parse(resident.AsSpan(6).Trim()[..^3]) / 1024;
        Assert.True(megabytes < 400, $"the server has grown to {megabytes} MB");
    }
}
