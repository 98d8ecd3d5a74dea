using System.Net;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Services;

/// <summary>samples/Portcullis.Sample, run beside a real Portcullis.</summary>
public sealed class SampleService
{
    [Fact]
    public async Task The_sample_is_open_to_the_same_tokens()
    {
        using var folder = new TemporaryFolder();
        await using var server = await PortcullisServer.StartAsync(folder.Make("portcullis"));
        var port = FreePorts.Take();
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var program = Path.Combine(here.Parent!.Parent!.FullName, "Portcullis.Sample", here.Name, "Portcullis.Sample");
        await using var sample = await RunningProgram.StartAsync(program, ["--urls", $"http://127.0.0.1:{port}", "--authority", server.Url], folder.Make("sample"), port);

        var token = await server.TokenAsync("alice", "git:acme/app:pull", "metrics:read");
        Assert.Equal((HttpStatusCode.OK, "alice\n"), await GetAsync(port, "/whoami", token));
        Assert.Equal((HttpStatusCode.OK, "load is 42\n"), await GetAsync(port, "/metrics/load", token));
        Assert.Equal((HttpStatusCode.OK, "acme/app: built\n"), await GetAsync(port, "/builds/acme/app", token));
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync(port, "/builds/acme/other", token)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(port, "/whoami", null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(port, "/healthz", null)).Status);

        // Taken back at the server's own machine: the service hears of it without being asked to look.
        var other = await server.TokenAsync("bob", "metrics:read");
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(port, "/whoami", other)).Status);
        (await server.CommandAsync("revoke", "--subject", "alice")).ShouldSucceed();
        using var patience = new CancellationTokenSource(Eventually.Patience);
        while ((await GetAsync(port, "/whoami", token)).Status != HttpStatusCode.Unauthorized)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }

        Assert.Contains("revoked", (await GetAsync(port, "/whoami", token)).Text);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(port, "/whoami", other)).Status);
        Assert.DoesNotContain(token, sample.Log);
    }

    private static async Task<(HttpStatusCode Status, string Text)> GetAsync(int port, string path, string? token)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}{path}");
        if (token is not null)
        {
            request.Headers.Authorization = new("Bearer", token);
        }

        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
