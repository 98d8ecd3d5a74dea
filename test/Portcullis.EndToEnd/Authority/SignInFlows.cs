using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Authority;

/// <summary>People and their programs sign in, and then git clones and pushes: the whole way, with the real program.</summary>
public sealed partial class SignInFlows(AuthoritySite site) : IClassFixture<AuthoritySite>
{
    private const string CredentialOAuth = "/usr/bin/git-credential-oauth";

    private PortcullisServer Server => site.Server;

    [Fact]
    public async Task Whoever_signs_in_by_the_browser_clones_and_pushes_what_the_policy_gives_them()
    {
        var repository = await site.SeededRepositoryAsync();
        using var alice = site.Alice();
        var answer = await alice.CodeFlowAsync($"git:{repository}:pull,push");
        Assert.Equal($"git:{repository}:pull git:{repository}@refs/heads/*,^refs/heads/main:push", string.Join(' ', answer.GetProperty("scope").GetString()!.Split(' ').Order()));
        await PushAsAsync(answer.GetProperty("access_token").GetString()!, repository, "alice", []);
    }

    [Fact]
    public async Task A_device_without_a_browser_is_signed_in_from_another()
    {
        var repository = await site.SeededRepositoryAsync();
        var device = await OAuthPerson.PostAsync(Server.Url, "/oauth/device", new() { ["client_id"] = OAuthPerson.Client, ["scope"] = $"git:{repository}:pull,push" });
        Dictionary<string, string> poll = new()
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["client_id"] = OAuthPerson.Client, ["device_code"] = device.GetProperty("device_code").GetString()!,
        };
        using var alice = site.Alice();
        await alice.AgreeToDeviceAsync(device.GetProperty("verification_uri_complete").GetString()!);
        var answer = await OAuthPerson.PostAsync(Server.Url, "/oauth/token", poll);
        await PushAsAsync(answer.GetProperty("access_token").GetString()!, repository, "alice", []);
    }

    [Fact]
    public async Task An_agent_pushes_with_a_child_token_and_the_audit_shows_the_chain()
    {
        var repository = await site.SeededRepositoryAsync();
        using var alice = site.Alice();
        var parent = await alice.TokenAsync("git:*:pull,push");
        (await Server.CommandAsync("client", "add", "coding-agent", "--grant", "token_exchange")).ShouldSucceed();
        var child = await OAuthPerson.ChildTokenAsync(Server.Url, parent, $"git:{repository}@refs/heads/agent/*:push git:{repository}:pull", "coding-agent");
        var record = await PushAsAsync(child, repository, "agent", ["coding-agent"]);
        Assert.Equal("alice", AuditTrail.Text(record, "subject"));
        Assert.Equal(OAuthPerson.Claims(parent).GetProperty("sid").GetString(), AuditTrail.Text(record, "session"));
        var issued = Server.Audit.Read().Single(line => AuditTrail.Is(line, "event", "token.issued") && AuditTrail.Is(line, "tokenId", AuditTrail.Text(record, "tokenId")!));
        Assert.Equal("coding-agent", issued.GetProperty("actor")[0].GetString());

        // Outside of its corner the child can do nothing, although its parent can.
        var (git, clone) = await CloneAsync(child, repository);
        Assert.Contains("is not allowed by the token", (await git.RunAsync(clone, "push", "origin", "HEAD:refs/heads/other")).ShouldFail().Text);
    }

    [Fact]
    public async Task Git_with_the_helper_git_credential_oauth_asks_for_nothing_but_a_sign_in()
    {
        Assert.SkipUnless(File.Exists(CredentialOAuth), "The Debian package git-credential-oauth is needed.");
        var repository = await site.SeededRepositoryAsync();
        var settings = await GuideAsync("git-credential-oauth");
        Assert.Equal(["oauthClientId", "oauthAuthURL", "oauthTokenURL", "oauthDeviceAuthURL", "oauthScopes"], settings.Select(setting => setting.Name));
        await CloneWithHelperAsync(Server, repository, [.. settings.SkipLast(1), ("oauthScopes", $"git:{repository}:pull,push")]);
    }

    [Fact]
    public async Task As_Gitea_both_helpers_need_no_setting_at_all()
    {
        Assert.SkipUnless(File.Exists(CredentialOAuth), "The Debian package git-credential-oauth is needed.");
        using var folder = new TemporaryFolder();
        var home = folder.Make("server");
        await File.WriteAllTextAsync(Path.Combine(home, "policy.yaml"), AuthoritySite.Policy);
        await using var server = await PortcullisServer.StartAsync(home, "policy: ./policy.yaml\nauthority: { giteaCompatible: true }");
        await AuthoritySite.AddPersonAsync(server, "alice", "--group", "engineering");
        (await server.CommandAsync("repo", "create", "acme/app")).ShouldSucceed();

        using var http = new HttpClient();
        var challenge = await http.GetAsync($"{server.Url}/acme/app.git/info/refs?service=git-upload-pack");
        Assert.Equal("realm=\"Gitea\"", challenge.Headers.WwwAuthenticate.First().Parameter!.Split(',')[0]);

        // git-credential-oauth finds all by itself where the challenge is passed on to it (git 2.41 and newer); that of an older git is told as the newer one would.
        await CloneWithHelperAsync(server, "acme/app", [
            ("oauthClientId", "a4792ccc-144e-407e-86c9-5e7d8d9c3269"), ("oauthAuthURL", "/login/oauth/authorize"), ("oauthTokenURL", "/login/oauth/access_token"),
        ]);

        // Git Credential Manager's id, at the same addresses.
        using var alice = new OAuthPerson(server.Url, "alice", AuthoritySite.Password);
        await GitCredentialManagerAsync(server, alice, "e90ee53c-94e2-48ac-9358-a874fb9e0662", "/login/oauth/authorize", "/login/oauth/access_token");
    }

    [Fact]
    public async Task Git_Credential_Managers_own_requests_are_served()
    {
        using var alice = site.Alice();
        var settings = (await GuideAsync("Git Credential Manager")).ToDictionary();
        Assert.Equal("generic", settings["provider"]);
        Assert.Equal("/oauth/device", settings["oauthDeviceEndpoint"]);
        await GitCredentialManagerAsync(Server, alice, settings["oauthClientId"], settings["oauthAuthorizeEndpoint"], settings["oauthTokenEndpoint"]);

        // Its device flow: OAuth2Client.GetDeviceCodeTokenAsync goes on only for these errors, and only where the status is no success.
        var device = await OAuthPerson.PostAsync(Server.Url, "/oauth/device", new() { ["client_id"] = OAuthPerson.Client, ["scope"] = "git:*:pull" });
        Assert.All(["device_code", "user_code", "verification_uri"], member => Assert.NotEmpty(device.GetProperty(member).GetString()!));
        Assert.True(device.GetProperty("interval").GetInt32() > 0);
        Dictionary<string, string> poll = new()
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["client_id"] = OAuthPerson.Client, ["device_code"] = device.GetProperty("device_code").GetString()!,
        };
        async Task<string?> PollAsync() => (await OAuthPerson.PostAsync(Server.Url, "/oauth/token", poll, HttpStatusCode.BadRequest)).GetProperty("error").GetString();
        var asked = Stopwatch.GetTimestamp();
        Assert.Equal("authorization_pending", await PollAsync());

        // Again within four seconds is too soon. Where this machine itself took longer, it was not, and is tried once more.
        for (string? error = null; error != "slow_down";)
        {
            var before = asked;
            asked = Stopwatch.GetTimestamp();
            error = await PollAsync();
            Assert.True(error == "slow_down" || (error == "authorization_pending" && Stopwatch.GetElapsedTime(before) > TimeSpan.FromSeconds(4)), error);
        }
    }

    /// <summary>The settings that the guide tells people to make for a helper, in its order.</summary>
    private static async Task<IReadOnlyList<(string Name, string Value)>> GuideAsync(string helper)
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(Source.Root, "docs", "guides", "sign-in.md"));
        var section = guide.Split($"\n## {helper}\n")[1].Split("\n## ")[0];
        return [.. GuideLine().Matches(section).Select(match => (match.Groups["name"].Value, match.Groups["value"].Value.Trim('"')))];
    }

    [GeneratedRegex("^    git config --global credential\\.https://git\\.example\\.com\\.(?<name>\\w+) (?<value>.+)$", RegexOptions.Multiline)]
    private static partial Regex GuideLine();

    /// <summary>What Git Credential Manager sends with its generic provider: GenericHostProvider and OAuth2Client of its source.</summary>
    private static async Task GitCredentialManagerAsync(PortcullisServer server, OAuthPerson person, string clientId, string authorize, string token)
    {
        const string Redirect = "http://127.0.0.1:51234/";
        var verifier = new string('v', 64);
        var callback = await person.AgreeAsync(authorize + OAuthPerson.QueryString(new()
        {
            ["response_type"] = "code",
            ["client_id"] = clientId,
            ["state"] = "0123456789abcdef",
            ["code_challenge_method"] = "S256",
            ["code_challenge"] = System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(verifier))),
            ["redirect_uri"] = Redirect,
            ["scope"] = "git:*:pull",
        })["/oauth/authorize".Length..]);
        Assert.StartsWith(Redirect, callback);
        var code = Uri.UnescapeDataString(Regex.Match(callback, "[?&]code=([^&]+)").Groups[1].Value);
        var answer = await OAuthPerson.PostAsync(server.Url, token, new()
        {
            ["grant_type"] = "authorization_code", ["code"] = code, ["code_verifier"] = verifier, ["redirect_uri"] = Redirect, ["client_id"] = clientId, ["client_secret"] = "",
        });
        Assert.Equal("Bearer", answer.GetProperty("token_type").GetString(), ignoreCase: true);
        var refreshed = await OAuthPerson.PostAsync(server.Url, token, new()
        {
            ["grant_type"] = "refresh_token", ["refresh_token"] = answer.GetProperty("refresh_token").GetString()!, ["redirect_uri"] = Redirect, ["client_id"] = clientId, ["client_secret"] = "",
        });
        Assert.NotEqual(answer.GetProperty("access_token").GetString(), refreshed.GetProperty("access_token").GetString());
    }

    private async Task CloneWithHelperAsync(PortcullisServer server, string repository, (string Name, string Value)[] settings)
    {
        var git = site.NewGit().WithConfig("credential.helper", "").WithConfig("credential.helper", "oauth -verbose").With(("BROWSER", "true"));
        foreach (var (name, value) in settings)
        {
            git = git.WithConfig($"credential.{server.Url}.{name}", value);
        }

        // The helper gives up where it can't open a browser; the address that it prints is opened by the test.
        using var process = Shell.Start(git.Program, ["clone", $"{server.Url}/{repository}.git", "clone"], site.NewFolder(), git.Environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var said = "";
        using var alice = new OAuthPerson(server.Url, "alice", AuthoritySite.Password);
        var isBrowsed = false;
        while (await process.StandardError.ReadLineAsync().WaitAsync(Eventually.Patience) is { } line)
        {
            said += line + "\n";
            if (!isBrowsed && Regex.Match(line, $"{Regex.Escape(server.Url)}/(?:login/)?oauth/authorize\\S+") is { Success: true } match)
            {
                isBrowsed = true;
                var callback = await alice.AgreeAsync(match.Value);
                using var http = new HttpClient();
                using var answer = await http.GetAsync(callback);
            }
        }

        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said + await output);
        var record = (await server.Audit.WaitForAsync(repository, "discover", "allowed"))[^1];
        Assert.Equal("alice", AuditTrail.Text(record, "subject"));
    }

    private async Task<JsonElement> PushAsAsync(string token, string repository, string folder, string[] actors)
    {
        var (git, clone) = await CloneAsync(token, repository);
        await Site.CommitAsync(git, clone, "signed-in.txt", "hello\n");
        (await git.RunAsync(clone, "push", "--quiet", "origin", $"HEAD:refs/heads/{folder}/work")).ShouldSucceed();
        var id = OAuthPerson.Claims(token).GetProperty("jti").GetString()!;
        var record = (await Server.Audit.WaitForAsync(line => AuditTrail.Is(line, "tokenId", id) && AuditTrail.Is(line, "operation", "push"), "the push"))[^1];
        Assert.Equal("allowed", AuditTrail.Text(record, "outcome"));
        Assert.Equal(actors, record.TryGetProperty("actor", out var actor) ? [.. actor.EnumerateArray().Select(name => name.GetString()!)] : Array.Empty<string>());
        return record;
    }

    private async Task<(Git Git, string Clone)> CloneAsync(string token, string repository)
    {
        var git = site.NewGit().WithPassword(token, "oauth2");
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", $"{Server.Url}/{repository}.git", "clone")).ShouldSucceed();
        return (git, Path.Combine(work, "clone"));
    }
}
