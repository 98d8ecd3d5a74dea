using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Portcullis.EndToEnd.Harness;
using Portcullis.Audit;
using Portcullis.Tests.Gateway.Live;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Gateway.Lfs;

/// <summary>A transfer that runs may end after its token has expired; it may not after that was revoked.</summary>
public sealed class LfsRevocationTests : IAsyncLifetime
{
    private readonly FakeTimeProvider tokenTime = new(DateTimeOffset.UtcNow);
    private GatewayServer server = null!;
    private string folder = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync(tokenTime: tokenTime);
        folder = Path.Combine(await server.CreateRepositoryAsync("acme/app"), "lfs");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_transfer_survives_the_token_that_it_was_asked_with()
    {
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));
        var brought = LfsClient.Object(new byte[500_000]);
        var action = (await client.BatchAsync("upload", null, (brought.Oid, brought.Content.Length))).Action("upload")!.Value;
        using var connection = await SendHeadAsync("PUT", action, brought.Content.Length);
        await connection.GetStream().WriteAsync(brought.Content.AsMemory(0, 250_000), TestContext.Current.CancellationToken);
        await WaitAsync(() => Directory.Exists(Path.Combine(folder, "incoming")) && Directory.GetFiles(Path.Combine(folder, "incoming")).Length == 1);

        tokenTime.Advance(TimeSpan.FromHours(1));

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.BatchAsync("upload", null, (brought.Oid, 1))).Status);
        await connection.GetStream().WriteAsync(brought.Content.AsMemory(250_000), TestContext.Current.CancellationToken);
        using var answer = new StreamReader(connection.GetStream());
        Assert.Equal("HTTP/1.1 200 OK", await answer.ReadLineAsync(TestContext.Current.CancellationToken));

        // One that only begins now, too: the credential has hours of its own.
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync(action, brought.Content)).Status);
    }

    [Fact]
    public async Task An_upload_that_runs_is_cut_when_its_parent_is_revoked()
    {
        var token = server.Token("git:acme/app:pull,push");
        using var client = new LfsClient(server, token);
        var brought = LfsClient.Object(new byte[500_000]);
        var action = (await client.BatchAsync("upload", null, (brought.Oid, brought.Content.Length))).Action("upload")!.Value;
        using var connection = await SendHeadAsync("PUT", action, brought.Content.Length);
        await connection.GetStream().WriteAsync(brought.Content.AsMemory(0, 250_000), TestContext.Current.CancellationToken);
        await WaitAsync(() => Directory.Exists(Path.Combine(folder, "incoming")) && Directory.GetFiles(Path.Combine(folder, "incoming")).Length == 1);

        Revoke("alice");

        Assert.Equal(-1, await EndOfAsync(connection));
        await WaitAsync(() => Directory.GetFiles(Path.Combine(folder, "incoming")).Length == 0);
        await AssertRecordedAsync("lfs-upload");
        Assert.False(Directory.Exists(Path.Combine(folder, "objects")));
    }

    [Fact]
    public async Task A_download_that_runs_is_cut_when_its_parent_is_revoked()
    {
        var token = server.Token("git:acme/app:pull,push");
        using var client = new LfsClient(server, token);
        var brought = LfsClient.Object(new byte[60_000_000]);
        Assert.Equal(HttpStatusCode.OK, (await client.UploadAsync(null, brought)).Status);
        var action = (await client.BatchAsync("download", null, (brought.Oid, brought.Content.Length))).Action("download")!.Value;
        using var connection = await SendHeadAsync("GET", action, 0);
        Assert.NotEqual(0, await connection.GetStream().ReadAsync(new byte[1000], TestContext.Current.CancellationToken));

        Revoke("alice");

        // It was not all that the head had announced.
        Assert.True(await ReadAllAsync(connection) < brought.Content.Length);
        await AssertRecordedAsync("lfs-download");
    }

    private async Task AssertRecordedAsync(string operation)
    {
        AuditRecord? record = null;
        for (var deadline = Environment.TickCount64 + (long)Eventually.Patience.TotalMilliseconds; record is null;)
        {
            record = (await server.AuditAsync()).Select(entry => entry.Record).FirstOrDefault(candidate => candidate.Operation == operation && candidate.Reason == "revoked");
            Assert.True(record is not null || Environment.TickCount64 < deadline, "nothing was recorded but " + string.Join(", ", (await server.AuditAsync()).Select(entry => $"{entry.Record.Operation} {entry.Record.Reason}")));
            await Task.Yield();
        }

        Assert.Equal(AuditOutcome.Failed, record.Outcome);
    }

    private void Revoke(string subject) => server.Revocations.TryAdd(new RevocationEntry
    {
        Kind = RevocationKind.Subject,
        Value = subject,
        ExpiresAt = DateTimeOffset.UtcNow.AddHours(3),
    });

    private async Task<TcpClient> SendHeadAsync(string method, JsonElement action, long length)
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        var head = $"{method} {new Uri(action.GetProperty("href").GetString()!).PathAndQuery} HTTP/1.1\r\nHost: localhost\r\n"
            + $"Portcullis-Transfer: {action.GetProperty("header").GetProperty("Portcullis-Transfer").GetString()}\r\n"
            + (method == "PUT" ? $"Content-Length: {length}\r\n\r\n" : "\r\n");
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);
        return connection;
    }

    private static async Task<int> EndOfAsync(TcpClient connection)
    {
        try
        {
            return await connection.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken) == 0 ? -1 : 1;
        }
        catch (IOException)
        {
            return -1;
        }
    }

    private static async Task<long> ReadAllAsync(TcpClient connection)
    {
        var buffer = new byte[64 * 1024];
        long total = 0;
        try
        {
            int read;
            while ((read = await connection.GetStream().ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0)
            {
                total += read;
            }
        }
        catch (IOException)
        {
            // Reset: cut all the same.
        }

        return total;
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        for (var deadline = Environment.TickCount64 + (long)Eventually.Patience.TotalMilliseconds; !condition();)
        {
            Assert.True(Environment.TickCount64 < deadline, "it did not come to pass");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
