using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Authority;

/// <summary>The commands of people, clients, keys and revocations, beside a server that runs.</summary>
public sealed class AuthorityCommands(AuthoritySite site) : IClassFixture<AuthoritySite>
{
    private PortcullisServer Server => site.Server;

    [Fact]
    public async Task People_are_added_listed_changed_and_removed_and_each_change_is_recorded()
    {
        var added = Json(await Server.CommandAsync("user", "add", "zoe", "--group", "ops", "--json"));
        Assert.StartsWith($"{Server.Url}/login/enrol#", added.GetProperty("enrolmentLink").GetString());
        Assert.Equal(1, (await Server.CommandAsync("user", "add", "zoe")).ExitCode);
        Assert.Equal("ops", Json(await Server.CommandAsync("user", "list", "--json")).EnumerateArray().Single(person => person.GetProperty("name").GetString() == "zoe").GetProperty("groups")[0].GetString());
        (await Server.CommandAsync("user", "groups", "zoe", "engineering", "writers")).ShouldSucceed();
        (await Server.CommandAsync("user", "disable", "zoe")).ShouldSucceed();
        var shown = Json(await Server.CommandAsync("user", "show", "zoe", "--json")).GetProperty("person");
        Assert.Equal(2, shown.GetProperty("groups").GetArrayLength());
        Assert.True(shown.TryGetProperty("disabledAt", out _));
        (await Server.CommandAsync("user", "enable", "zoe")).ShouldSucceed();
        Assert.NotEqual(added.GetProperty("enrolmentLink").GetString(), (await Server.CommandAsync("user", "enrol", "zoe")).ShouldSucceed().Output.Trim());
        Assert.Equal(2, (await Server.CommandAsync("user", "remove", "zoe")).ExitCode);
        (await Server.CommandAsync("user", "remove", "zoe", "--yes")).ShouldSucceed();
        Assert.Equal(1, (await Server.CommandAsync("user", "show", "zoe")).ExitCode);

        var recorded = Server.Audit.Read().Where(line => AuditTrail.Is(line, "event", "administration") && AuditTrail.Is(line, "reason", "zoe")).Select(line => AuditTrail.Text(line, "operation")).ToList();
        Assert.Equal(["user.add", "user.groups", "user.disable", "user.enable", "user.enrol", "user.remove"], recorded);

        // By whom: the user of this machine, in each line that a command wrote.
        Assert.All(
            Server.Audit.Read().Where(line => AuditTrail.Text(line, "event") is "administration" or "revoked" && AuditTrail.Is(line, "reason", "zoe")),
            line => Assert.Equal((Environment.UserName, "local"), (AuditTrail.Text(line, "subject"), AuditTrail.Text(line, "issuer"))));
        Assert.Contains(Server.Audit.Read(), line => AuditTrail.Is(line, "event", "revoked") && AuditTrail.Is(line, "reason", "zoe"));
        Assert.DoesNotContain("enrol#", string.Join('\n', Server.Audit.Read()) + Server.Log);
    }

    [Fact]
    public async Task Secrets_are_taken_from_standard_input_or_a_file_and_from_nowhere_else()
    {
        var refused = await Server.CommandAsync("user", "add", "yan", "--password", "hunter2hunter2");
        Assert.Equal(2, refused.ExitCode);
        Assert.DoesNotContain("hunter2", refused.Error);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["password"], "a long enough one\n");
        (await Server.CommandAsync("user", "add", "yan", "--password-file", folder["password"])).ShouldSucceed();
        Assert.Equal(1, (await Server.CommandWithInputAsync("short", "user", "password", "yan", "--password", "-")).ExitCode);
        (await Server.CommandAsync("client", "add", "yanbot", "--confidential", "--grant", "client_credentials", "--output", folder["secret"])).ShouldSucceed();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["secret"]));
        var token = await Server.TokenAsync("yan", "git:acme/app:pull");
        var pasted = await Server.CommandAsync("revoke", "--token-id", token);
        Assert.Equal(1, pasted.ExitCode);
        Assert.DoesNotContain(token, pasted.Error);
    }

    [Fact]
    public async Task Clients_are_added_listed_given_a_new_secret_and_removed()
    {
        var added = Json(await Server.CommandAsync("client", "add", "deploy", "--confidential", "--grant", "client_credentials", "--ceiling", "git:acme/*:pull", "--lifetime", "5m", "--json"));
        Assert.Equal(300, added.GetProperty("client").GetProperty("accessTokenLifetime").GetInt32());
        var replaced = Json(await Server.CommandAsync("client", "secret", "deploy", "--json")).GetProperty("secret").GetString();
        Assert.NotEqual(added.GetProperty("secret").GetString(), replaced);
        Assert.Contains(Json(await Server.CommandAsync("client", "list", "--json")).EnumerateArray(), client => client.GetProperty("id").GetString() == "deploy" && client.GetProperty("grants")[0].GetString() == "client_credentials");
        Assert.Equal(2, (await Server.CommandAsync("client", "add", "other", "--grant", "password")).ExitCode);
        Assert.Equal(1, (await Server.CommandAsync("client", "add", "other", "--grant", "client_credentials")).ExitCode);
        (await Server.CommandAsync("client", "remove", "deploy", "--yes")).ShouldSucceed();
        Assert.Equal(1, (await Server.CommandAsync("client", "remove", "deploy", "--yes")).ExitCode);
    }

    [Fact]
    public async Task Explain_says_by_which_line_somebody_has_what_and_what_of_a_request_is_granted()
    {
        var given = (await Server.CommandAsync("explain", "--subject", "alice")).ShouldSucceed();
        Assert.Contains("role developer, by group:engineering in ", given.Output);
        Assert.Contains("policy.yaml:8", given.Output);
        Assert.Contains("git:*@refs/heads/*,^refs/heads/main:push (role developer, ", given.Output);
        Assert.Contains("policy.yaml:4", given.Output);
        var asked = Json(await Server.CommandAsync("explain", "--subject", "alice", "--scope", "git:acme/app@refs/heads/main:push git:acme/app:pull", "--json"));
        Assert.Equal("git:acme/app:pull", asked.GetProperty("granted").EnumerateArray().Single().GetString());
        Assert.Equal("git:acme/app@refs/heads/main:push", asked.GetProperty("notGranted").EnumerateArray().Single().GetString());
        Assert.Equal(1, (await Server.CommandAsync("explain", "--subject", "nobody")).ExitCode);
    }

    [Fact]
    public async Task A_key_of_an_earlier_start_becomes_the_first_of_the_ring()
    {
        using var folder = new TemporaryFolder();
        var home = folder.Make("server");
        var keys = Directory.CreateDirectory(Path.Combine(home, "data", "keys")).FullName;
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(Path.Combine(keys, "signing.pem"), key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(Path.Combine(keys, "signing.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var server = await PortcullisServer.StartAsync(home);
        Assert.Contains("took the signing key", server.Log);
        using var http = new HttpClient();
        var published = JsonDocument.Parse(await http.GetStringAsync($"{server.Url}/.well-known/jwks.json")).RootElement.GetProperty("keys")[0];
        Assert.Equal(System.Buffers.Text.Base64Url.EncodeToString(key.ExportParameters(false).Q.X!), published.GetProperty("x").GetString());
    }

    [Fact]
    public async Task Without_the_authority_only_tokens_of_other_issuers_count()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["keys.json"], """{"keys":[]}""");
        await using var server = await PortcullisServer.StartAsync(
            folder.Make("server"), $"authority: {{ enabled: false }}\nissuers: [ {{ issuer: \"https://idp.example\", jwks: \"{folder["keys.json"]}\" }} ]");
        Assert.Equal(1, (await server.CommandAsync("user", "list")).ExitCode);
        Assert.Contains("authority.enabled is false", (await server.CommandAsync("token", "issue", "--subject", "a", "--permission", "git:a:pull")).Error);
        using var http = new HttpClient();
        Assert.Equal(404, (int)(await http.GetAsync($"{server.Url}/.well-known/jwks.json")).StatusCode);
        Assert.NotEqual(200, (int)(await http.GetAsync($"{server.Url}/login")).StatusCode);
        Assert.DoesNotContain(server.Url + "\"", (await http.GetStringAsync($"{server.Url}/.well-known/oauth-protected-resource")).Split("authorization_servers")[1]);
        Assert.False(File.Exists(Path.Combine(server.DataFolder, "portcullis.db")));

        http.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        var front = await http.GetStringAsync(server.Url + "/");
        Assert.Contains($"git clone {server.Url}/<repository>.git\n", front);
        Assert.EndsWith("Tokens come from https://idp.example.\n", front);
    }

    private static JsonElement Json(CommandResult result) => JsonDocument.Parse(result.ShouldSucceed().Output).RootElement;
}
