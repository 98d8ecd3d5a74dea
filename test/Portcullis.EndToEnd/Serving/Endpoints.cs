using System.Diagnostics;
using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Serving;

/// <summary>What operators and programs ask without a token, and what the server costs at rest.</summary>
public sealed class Endpoints(HostSite site) : IClassFixture<HostSite>
{
    [Theory]
    [InlineData("/healthz", "ok\n")]
    [InlineData("/readyz", "ready\n")]
    public async Task Says_that_it_is_well(string path, string text)
        => Assert.Equal(text, (await GetAsync(path)).Text);

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/metrics")]
    [InlineData("/.well-known/jwks.json")]
    public async Task Refuses_other_methods(string path)
    {
        var response = await RawHttp.SendAsync(site.Server.Uri, $"POST {path} HTTP/1.1", [], "x"u8.ToArray());
        Assert.Equal(405, response!.Status);
        Assert.Equal("GET, HEAD", response.Header("Allow"));
    }

    [Theory]
    [InlineData("GET", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 302)]
    [InlineData("HEAD", "text/html", 302)]
    [InlineData("GET", "*/*", 404)]
    [InlineData("GET", "application/json", 404)]
    [InlineData("GET", null, 404)]
    [InlineData("POST", "text/html", 404)]
    public async Task Leads_browsers_alone_from_the_root_to_the_account(string method, string? accept, int status)
    {
        var response = await RawHttp.SendAsync(site.Server.Uri, $"{method} / HTTP/1.1", accept is null ? [] : [$"Accept: {accept}"]);

        Assert.Equal(status, response!.Status);
        Assert.Equal(status == 302 ? "/account" : null, response.Header("Location"));
    }

    [Fact]
    public async Task Metrics_name_neither_repositories_nor_people()
    {
        var repository = await site.SeededRepositoryAsync();

        var metrics = (await GetAsync("/metrics")).Text;

        Assert.Contains("# TYPE dotnet_", metrics);
        Assert.DoesNotContain(repository, metrics);
        Assert.DoesNotContain("owner", metrics);
        Assert.All(metrics.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches(@"^(# (HELP|TYPE) [a-z_:0-9]+ .*|[a-z_:0-9]+(\{[^}]*\})? [-+0-9.eEInfNa]+)$", line));
    }

    [Fact]
    public async Task The_public_keys_are_there_and_the_private_halves_are_not()
    {
        var keys = JsonDocument.Parse((await GetAsync("/.well-known/jwks.json")).Body).RootElement.GetProperty("keys");

        var key = Assert.Single(keys.EnumerateArray());
        Assert.Equal("ES256", key.GetProperty("alg").GetString());
        Assert.False(key.TryGetProperty("d", out _));
    }

    [Fact]
    public async Task The_protected_resource_metadata_names_this_server()
    {
        var document = JsonDocument.Parse((await GetAsync("/.well-known/oauth-protected-resource")).Body).RootElement;

        Assert.Equal(site.Url, document.GetProperty("resource").GetString());
        Assert.Contains(site.Url, document.GetProperty("authorization_servers").EnumerateArray().Select(url => url.GetString()));
    }

    [Fact]
    public async Task No_log_line_and_no_audit_line_holds_a_token()
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("careful", "git:*:pull");
        var target = $"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1";
        var basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{token}:x-oauth-basic"));
        foreach (var header in (string[])[$"Authorization: Bearer {token}", $"Authorization: Bearer {token}x", $"Authorization: Basic {basic}", $"Authorization: bearer {token}", $"X-Token: {token}", $"Authorization: Nonsense {token}"])
        {
            await RawHttp.SendAsync(site.Server.Uri, target, [header]);
        }

        await RawHttp.SendAsync(site.Server.Uri, $"GET /{token}/info/refs?service={token} HTTP/1.1", []);
        var written = site.Server.Log + string.Concat(Directory.EnumerateFiles(Path.Combine(site.Server.DataFolder, "audit"), "*.jsonl").Select(ReadShared));

        foreach (var secret in (string[])[token, token.Split('.')[1], token.Split('.')[2], basic])
        {
            Assert.DoesNotContain(secret, written);
        }
    }

    [Fact]
    public async Task Starts_quickly_and_rests_small()
    {
        using var folder = new TemporaryFolder();
        await using var warm = await PortcullisServer.StartAsync(folder.Make("warm"));
        var clock = Stopwatch.StartNew();
        await using var server = await PortcullisServer.StartAsync(folder.Make("server"));
        clock.Stop();

        // The aim is 600 ms and 100 MB, measured in bench/; here the machine runs other tests beside it, so this finds only a change for the much worse. What is counted is the time that the
        // processors gave to it, which does not depend on how long others kept it waiting; and of the time on the wall, what no waiting for others explains.
        using var process = Process.GetProcessById(server.ProcessId);
        Assert.True(process.TotalProcessorTime < TimeSpan.FromSeconds(10), $"the start took {process.TotalProcessorTime.TotalMilliseconds:F0} ms of the processors");
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), $"the start took {clock.ElapsedMilliseconds} ms");
        var resident = File.ReadLines($"/proc/{server.ProcessId}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        Assert.True(int.Parse(resident.AsSpan(6).Trim()[..^3]) < 160 * 1024, resident);
    }

    /// <summary>A reload on change with <c>/</c> as the current folder once watched a whole disk, and cost 80 ms of processor time for each fetch. Files of ours are looked at when they are used.</summary>
    [Fact]
    public async Task Watches_no_folder()
    {
        await site.SeededRepositoryAsync();
        Assert.DoesNotContain(
            Directory.EnumerateFiles($"/proc/{site.Server.ProcessId}/fdinfo").Select(TextOf), text => text.Contains("inotify", StringComparison.Ordinal));
    }

    // A descriptor may be closed while its text is asked for.
    private static string TextOf(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private async Task<RawResponse> GetAsync(string path)
    {
        var response = await RawHttp.SendAsync(site.Server.Uri, $"GET {path} HTTP/1.1", []);
        Assert.Equal(200, response!.Status);
        return response;
    }
}
