using System.Text.Json;
using System.Text.RegularExpressions;
using Portcullis.EndToEnd.Clients;
using Portcullis.EndToEnd.Harness;
using Portcullis.EndToEnd.Upstreams;

namespace Portcullis.EndToEnd.Authority;

/// <summary>git-credential-portcullis with real git against the real program: one sign-in, and then a token for each repository.</summary>
public sealed partial class CredentialHelper(AuthoritySite site) : IClassFixture<AuthoritySite>
{
    private PortcullisServer Server => site.Server;

    /// <summary>Which git, and whether it tells helpers the path.</summary>
    public static TheoryData<string, bool> Gits => new() { { "git", true }, { "newer git", true }, { "newer git", false } };

    [Theory]
    [MemberData(nameof(Gits))]
    public async Task A_person_signs_in_once_and_each_repository_has_a_token_of_its_own(string name, bool usesPath)
    {
        var program = name == "git" ? "git" : AllClients.NewerGit;
        Assert.SkipWhen(program is null, "newer git is not here: ./test.sh fetches it");
        var (first, second) = (await site.SeededRepositoryAsync(), await site.SeededRepositoryAsync());
        var git = Git(program!, ("BROWSER", "true")).WithConfig($"credential.{Server.Url}.useHttpPath", usesPath ? "true" : "false");
        var work = site.NewFolder();

        using var alice = site.Alice();
        var said = await RunAsync(git, work, ["clone", "--quiet", $"{Server.Url}/{first}.git", "first"], AuthorizeAddress(), async url =>
        {
            using var http = new HttpClient();
            var page = await http.GetStringAsync(await alice.AgreeAsync(url));
            Assert.Contains("You are signed in", page);
        });
        Assert.Single(AuthorizeAddress().Matches(said));

        // Nobody is asked again: not for another repository, not for a push, not for a fetch.
        var alone = git.With(("BROWSER", "false"));
        Assert.DoesNotContain("/oauth/authorize", (await alone.RunAsync(work, "clone", "--quiet", $"{Server.Url}/{second}.git", "second")).ShouldSucceed().Text);
        var clone = Path.Combine(work, "first");
        await Site.CommitAsync(alone, clone, "helped.txt", "hello\n");
        (await alone.RunAsync(clone, "push", "--quiet", "origin", $"HEAD:refs/heads/helped-{Guid.NewGuid():N}")).ShouldSucceed();
        (await alone.RunAsync(clone, "fetch", "--quiet")).ShouldSucceed();

        var records = Server.Audit.Read().Where(line => AuditTrail.Is(line, "repository", first) && AuditTrail.Is(line, "outcome", "allowed") && AuditTrail.Is(line, "subject", "alice")).ToList();
        Assert.Contains(records, line => AuditTrail.Is(line, "operation", "push"));
        Assert.Single(records.Select(line => AuditTrail.Text(line, "session")).Distinct());

        // Each token opens one repository, and one that was asked for to fetch pushes nothing.
        foreach (var held in Held(git))
        {
            var scope = held.GetProperty("Scope").GetString()!;
            var words = OAuthPerson.Claims(held.GetProperty("Token").GetString()!).GetProperty("scope").GetString()!.Split(' ');
            Assert.All(words, word => Assert.Matches($"^git:({Regex.Escape(first)}|{Regex.Escape(second)})[:@]", word));
            Assert.Single(words.Select(word => Repository().Match(word).Value).Distinct());
            Assert.Equal(scope.EndsWith(":pull", StringComparison.Ordinal), words is [var only] && only.EndsWith(":pull", StringComparison.Ordinal));
        }

        Assert.True(Held(git).Count >= 2);
    }

    [Fact]
    public async Task Where_there_is_no_browser_a_code_is_entered_on_another_device()
    {
        var repository = await site.SeededRepositoryAsync();
        var git = Git("git", ("GIT_TERMINAL_PROMPT", "1"));
        using var alice = site.Alice();
        await RunAsync(git, site.NewFolder(), ["clone", "--quiet", $"{Server.Url}/{repository}.git", "clone"], DeviceCode(), said =>
        {
            var match = DeviceCode().Match(said);
            return alice.AgreeToDeviceAsync($"{match.Groups["address"].Value}?user_code={Uri.EscapeDataString(match.Groups["code"].Value)}");
        });
        Assert.Equal("alice", AuditTrail.Text((await Server.Audit.WaitForAsync(repository, "fetch", "allowed"))[^1], "subject"));
    }

    [Fact]
    public async Task A_token_that_was_taken_back_is_replaced_and_a_login_that_was_ended_is_over()
    {
        var repository = await site.SeededRepositoryAsync();
        var git = await SignedInAsync();
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", $"{Server.Url}/{repository}.git", "clone")).ShouldSucceed();
        var held = Held(git).Single(token => token.GetProperty("Scope").GetString()!.Length > 0).GetProperty("Token").GetString()!;

        // The refused token is erased; the next command has another. What a command says, the server beside it reads a moment later.
        (await Server.CommandAsync("revoke", "--token-id", OAuthPerson.Claims(held).GetProperty("jti").GetString()!)).ShouldSucceed();
        while (await StatusAsync(repository, held) != 401)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }

        await git.RunAsync(work, "-C", "clone", "fetch", "--quiet");
        Assert.DoesNotContain(Held(git), token => token.GetProperty("Token").GetString() == held);
        (await git.RunAsync(work, "-C", "clone", "fetch", "--quiet")).ShouldSucceed();

        // Signing out ends the login here and there: nothing is left, and nobody can be asked.
        var last = Held(git)[^1].GetProperty("Token").GetString()!;
        (await HelperAsync(git, "", "sign-out", Server.Url)).ShouldSucceed();
        Assert.Equal(401, await StatusAsync(repository, last));
        Assert.Empty(Directory.EnumerateFiles(StateOf(git), "*.json"));
        var refused = (await git.WithConfig("credential.interactive", "false").RunAsync(work, "-C", "clone", "fetch", "--quiet")).ShouldFail();
        Assert.Contains("nobody is signed in", refused.Error);
    }

    [Fact]
    public async Task Many_gits_at_once_share_a_login_and_none_of_them_ends_it()
    {
        var git = await SignedInAsync();
        var repositories = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => site.SeededRepositoryAsync()));
        var results = await Task.WhenAll(repositories.Concat(repositories).Select(repository => git.RunAsync(site.NewFolder(), "clone", "--quiet", $"{Server.Url}/{repository}.git", "clone")));
        Assert.All(results, result => result.ShouldSucceed());
        (await HelperAsync(git, Question("path=team/other"), "get")).ShouldSucceed();
    }

    [Fact]
    public async Task What_a_login_is_not_for_is_refused_in_a_sentence_and_nobody_is_asked_for_a_password()
    {
        var (mine, other) = (await site.SeededRepositoryAsync(), await site.SeededRepositoryAsync());
        var git = await SignedInAsync($"git:{mine}:pull,push");
        (await git.RunAsync(site.NewFolder(), "clone", "--quiet", $"{Server.Url}/{mine}.git", "clone")).ShouldSucceed();
        var refused = (await git.RunAsync(site.NewFolder(), "clone", "--quiet", $"{Server.Url}/{other}.git", "clone")).ShouldFail();
        Assert.Contains($"git-credential-portcullis: {other}: ", refused.Error);
        Assert.Contains("told us to quit", refused.Error);
    }

    [Fact]
    public async Task Newer_git_is_given_a_Bearer_token_that_no_other_helper_keeps_and_older_git_a_password()
    {
        var repository = await site.SeededRepositoryAsync();
        var git = await SignedInAsync();
        var newer = (await HelperAsync(git, "capability[]=authtype\n" + Question($"path={repository}.git"), "get")).ShouldSucceed().Output.Split('\n');
        Assert.Equal(["capability[]=authtype", "authtype=Bearer"], newer[..2]);
        Assert.StartsWith("credential=ey", newer[2]);
        Assert.Contains("ephemeral=1", newer);
        var older = (await HelperAsync(git, Question($"path={repository}.git"), "get")).ShouldSucceed().Output.Split('\n');
        Assert.Equal("username=oauth2", older[0]);
        Assert.Equal("password=" + newer[2]["credential=".Length..], older[1]);
        Assert.Matches("^password_expiry_utc=[0-9]+$", older[2]);
        Assert.Empty((await HelperAsync(git, Question(), "store")).ShouldSucceed().Output);
    }

    [Fact]
    public async Task A_server_that_names_anothers_authority_gets_no_token_of_it()
    {
        // The attack: a repository's address leads to a server whose challenge, and whose metadata, name the server that the person is signed in to.
        var git = await SignedInAsync();
        using var http = new HttpClient();
        var metadata = await http.GetStringAsync(Server.Url + "/.well-known/oauth-authorization-server");
        await using var evil = await HttpPeer.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(metadata));
        });
        var question = $"protocol=http\nhost={new Uri(evil.Url).Authority}\npath=acme/app.git\n"
            + $"wwwauth[]=Bearer realm=\"{Server.Url}/oauth/token\", service=\"{Server.Url}\", scope=\"git:acme/app:pull\"\n\n";
        var refused = (await HelperAsync(git, question, "get")).ShouldFail();
        Assert.Empty(refused.Output);
        Assert.Contains("calls itself something else", refused.Error);
        Assert.Empty((await HelperAsync(git, "protocol=http\nhost=git.example.com\npath=acme/app.git\n\n", "get")).ShouldSucceed().Output);
    }

    private Git Git(string program, params (string, string)[] environment) => site.NewGit(program).With(environment)
        .WithConfig("credential.helper", "").WithConfig("credential.helper", Source.CredentialHelper).WithConfig($"credential.{Server.Url}.useHttpPath", "true");

    /// <summary>A git whose helper has a login already.</summary>
    private async Task<Git> SignedInAsync(string? scope = null)
    {
        var git = Git("git", ("BROWSER", "true"));
        git = scope is null ? git : git.WithConfig($"credential.{Server.Url}.portcullisScope", scope);
        using var alice = site.Alice();
        using var process = Shell.Start(Source.CredentialHelper, ["sign-in", Server.Url], site.NewFolder(), git.Environment);
        await FollowAsync(process, AuthorizeAddress(), async url =>
        {
            using var http = new HttpClient();
            await http.GetStringAsync(await alice.AgreeAsync(url));
        });
        return git;
    }

    private Task<string> RunAsync(Git git, string folder, string[] arguments, Regex awaited, Func<string, Task> act)
    {
        var process = Shell.Start(git.Program, arguments, folder, git.Environment);
        return FollowAsync(process, awaited, act);
    }

    // What the program says, and what a person does when they read it.
    private static async Task<string> FollowAsync(System.Diagnostics.Process process, Regex awaited, Func<string, Task> act)
    {
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var said = "";
        var isDone = false;
        while (await process.StandardError.ReadLineAsync().WaitAsync(Eventually.Patience) is { } line)
        {
            said += line + "\n";
            if (!isDone && awaited.Match(line) is { Success: true } match)
            {
                isDone = true;
                await act(match.Value);
            }
        }

        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said + await output);
        return said;
    }

    private async Task<int> StatusAsync(string repository, string token) =>
        (await RawHttp.SendAsync(Server.Uri, $"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1", [$"Authorization: Bearer {token}"]))!.Status;

    private Task<CommandResult> HelperAsync(Git git, string input, params string[] arguments) => Shell.RunAsync(Source.CredentialHelper, arguments, site.NewFolder(), git.Environment, input);

    private string Question(params string[] lines) => string.Concat(lines.Prepend($"host={new Uri(Server.Url).Authority}").Prepend("protocol=http").Select(line => line + "\n")) + "\n";

    private static string StateOf(Git git) => Path.Combine(git.Home, ".local", "state", "git-credential-portcullis");

    private static IReadOnlyList<JsonElement> Held(Git git) =>
        [.. JsonDocument.Parse(File.ReadAllText(Directory.EnumerateFiles(StateOf(git), "*.json").Single())).RootElement.GetProperty("Tokens").EnumerateArray()];

    [GeneratedRegex("http://[^ ]+/oauth/authorize\\?\\S+")]
    private static partial Regex AuthorizeAddress();

    [GeneratedRegex("open (?<address>http\\S+) in any browser and enter the code (?<code>\\S+)")]
    private static partial Regex DeviceCode();

    [GeneratedRegex("^git:[^:@]+")]
    private static partial Regex Repository();
}
