using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Authority;

/// <summary>Two nodes on one PostgreSQL database, which goes away and comes back. PORTCULLIS_TEST_POSTGRESQL holds a connection string without a database.</summary>
public sealed class OnPostgreSql
{
    [Fact]
    public async Task Two_nodes_share_everything_and_serve_Git_while_the_database_is_away()
    {
        var postgres = Environment.GetEnvironmentVariable("PORTCULLIS_TEST_POSTGRESQL");
        Assert.SkipWhen(string.IsNullOrEmpty(postgres), "PORTCULLIS_TEST_POSTGRESQL is not set.");
        await using var relay = new TcpRelay(int.Parse(Regex.Match(postgres, "Port=([0-9]+)").Groups[1].Value));
        var database = $"{Regex.Replace(postgres, "Port=[0-9]+", $"Port={relay.Port}")};Database=portcullis_e2e_{Guid.NewGuid():N};Timeout=3";
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["key"], System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        await using var first = await StartAsync(folder.Make("first"), folder["key"], database, null);
        await using var second = await StartAsync(folder.Make("second"), folder["key"], database, first.Url);
        (await second.CommandAsync("client", "add", "ci", "--confidential", "--grant", "client_credentials", "--output", folder["secret"])).ShouldSucceed();
        var secret = (await File.ReadAllTextAsync(folder["secret"])).Trim();
        (await first.CommandAsync("repo", "create", "acme/app")).ShouldSucceed();
        var token = await OAuthPerson.ClientCredentialsAsync(first.Url, "ci", secret);
        Assert.Equal(200, await StatusAsync(first, token));

        relay.Break();
        Assert.Equal(200, await StatusAsync(first, token));
        var refused = await OAuthPerson.PostAsync(
            first.Url, "/oauth/token", new() { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret }, HttpStatusCode.ServiceUnavailable);
        Assert.Equal("temporarily_unavailable", refused.GetProperty("error").GetString());
        using var http = new HttpClient();
        foreach (var node in (PortcullisServer[])[first, second])
        {
            await WaitAsync(async () => (await http.GetStringAsync($"{node.Url}/readyz")).Contains("no tokens are issued"));
        }

        Assert.Contains("portcullis_authority_database_available 0", await http.GetStringAsync($"{first.Url}/metrics"));
        Assert.Equal(1, (await first.CommandAsync("user", "list")).ExitCode);
        Assert.Equal(200, await StatusAsync(first, token));

        relay.Mend();
        foreach (var node in (PortcullisServer[])[first, second])
        {
            // Each finds it again by itself, and none is asked for a token before it has.
            await WaitAsync(async () => await http.GetStringAsync($"{node.Url}/readyz") == "ready\n");
        }

        // Said on one node, heard on the other.
        var next = await OAuthPerson.ClientCredentialsAsync(second.Url, "ci", secret);
        Assert.Equal(200, await StatusAsync(first, next));
        (await second.CommandAsync("revoke", "--client", "ci")).ShouldSucceed();
        await WaitAsync(async () => await StatusAsync(first, next) == 401);
    }

    private static async Task<PortcullisServer> StartAsync(string folder, string key, string database, string? publicUrl)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "policy.yaml"), AuthoritySite.Policy);
        var settings = $"policy: ./policy.yaml\ndatabase: \"{database}\"\nauthority: {{ keyEncryptionKeyFile: \"{key}\" }}";
        return publicUrl is null
            ? await PortcullisServer.StartAsync(folder, settings)
            : await PortcullisServer.StartAsync(folder, settings, environment: ("PORTCULLIS__SERVER__PUBLICURL", publicUrl));
    }

    private static async Task<int> StatusAsync(PortcullisServer server, string token)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.GetAsync($"{server.Url}/acme/app.git/info/refs?service=git-upload-pack");
        return (int)response.StatusCode;
    }

    private static Task WaitAsync(Func<Task<bool>> isSo) => Eventually.UntilAsync(isSo, () => "it did not come about");
}
