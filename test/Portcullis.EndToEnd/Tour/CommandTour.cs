using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Tour;

/// <summary>The commands, as scripts and people call them: what they print, and how they end.</summary>
public sealed class CommandTour(HostSite site) : IClassFixture<HostSite>
{
    private PortcullisServer Server => site.Server;

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(0, "--version")]
    [InlineData(0, "token issue --help")]
    [InlineData(2, "")]
    [InlineData(2, "nonsense")]
    [InlineData(2, "token issue")]
    [InlineData(2, "token issue --subject alice")]
    [InlineData(2, "token issue --subject alice --permission git:acme/app:fly")]
    [InlineData(2, "token issue --subject alice --permission git:acme/app:pull --lifetime soon")]
    [InlineData(2, "token issue --subject alice --permission git:acme/app:pull --lifetime 100d")]
    [InlineData(2, "repo create ../escape")]
    [InlineData(2, "repo create -x")]
    [InlineData(1, "repo delete no/such --yes")]
    [InlineData(2, "explain --token abc pull acme/app")]
    [InlineData(2, "explain pull acme/app")]
    [InlineData(2, "explain --subject alice fly acme/app")]
    [InlineData(2, "explain --subject alice registry:acme/app:fly")]
    [InlineData(2, "explain --subject alice grafana:read acme/app")]
    [InlineData(1, "explain --subject alice pull acme/app")]
    [InlineData(2, "audit show --since yesterday-ish")]
    [InlineData(2, "audit show --outcome perhaps")]
    [InlineData(1, "policy check no-such-file.yaml")]
    public async Task Ends_as_documented(int exitCode, string commandLine)
    {
        var result = await Server.CommandAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.True(exitCode == result.ExitCode, $"{result.CommandLine} ended with {result.ExitCode}\n{result.Text}");
        Assert.DoesNotContain("   at ", result.Text);
        Assert.DoesNotContain("Unhandled", result.Text);
        if (exitCode == 2)
        {
            Assert.Empty(result.Output);
            Assert.Contains("portcullis", result.Error);
        }
    }

    [Fact]
    public async Task Every_command_has_a_help_with_examples()
    {
        foreach (var command in (string[])["serve", "demo", "token issue", "token inspect", "explain", "policy check", "policy test", "audit show", "audit verify", "repo create", "repo list", "repo delete", "doctor"])
        {
            var help = (await Server.CommandAsync([.. command.Split(' '), "--help"])).ShouldSucceed();
            Assert.Contains("Examples:", help.Output);
            Assert.Contains($"  portcullis {command}", help.Output);
        }
    }

    [Fact]
    public async Task A_token_is_issued_inspected_and_explained()
    {
        var issued = Json(await Server.CommandAsync("token", "issue", "--subject", "alice", "--permission", "git:acme/*@refs/heads/alice/*:push", "--json"));
        var token = issued.GetProperty("token").GetString()!;
        Assert.Equal(token.Length, issued.GetProperty("length").GetInt32());

        var inspected = Json(await Server.CommandWithInputAsync(token, "token", "inspect", "-", "--json"));
        Assert.True(inspected.GetProperty("valid").GetBoolean());
        Assert.Contains(inspected.GetProperty("claims").EnumerateArray(), claim => claim.GetProperty("name").GetString() == "sub" && claim.GetProperty("value").GetString() == "alice");

        var yes = await Server.CommandWithInputAsync(token, "explain", "--token", "-", "push", "acme/app", "refs/heads/alice/x", "--json");
        Assert.True(Json(yes).GetProperty("allowed").GetBoolean());
        var no = await Server.CommandWithInputAsync(token, "explain", "--token", "-", "push", "acme/app", "refs/heads/main");
        Assert.Equal(1, no.ExitCode);
        Assert.Contains("is for other refs", no.Output);
    }

    [Fact]
    public async Task A_scope_of_another_service_is_explained_and_one_that_a_rule_denies_is_not_issued()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["policy.yaml"], """
            roles: { observer: [ "grafana:read", "registry:{repository}:pull,push" ] }
            bindings: [ { role: observer, repositories: [ "acme/*" ], subjects: [ "user:alice" ] } ]
            rules: [ { deny: [ "registry:acme/releases:push" ] } ]
            """);
        await File.WriteAllTextAsync(folder["cases.yaml"], """
            - { subject: alice, scope: "registry:acme/app:push", expect: allow }
            - { subject: alice, scope: "registry:acme/releases:push", expect: deny }
            """);
        await using var server = await PortcullisServer.StartAsync(folder.Make("server"), $"policy: \"{folder["policy.yaml"]}\"");
        (await server.CommandAsync("explain", "--subject", "alice", "registry:acme/app:push")).ShouldSucceed();
        var no = await server.CommandAsync("explain", "--subject", "alice", "registry:acme/releases:push");
        Assert.Equal(1, no.ExitCode);
        Assert.Contains("refused alice: registry:acme/releases:push (denied_by_rule)", no.Output);
        Assert.Contains("-> rule deny registry:acme/releases:push", no.Output);
        Assert.Contains("2 passed, 0 failed", (await server.CommandAsync("policy", "test", folder["cases.yaml"])).ShouldSucceed().Output);

        var token = await server.TokenAsync("bob", "registry:acme/*:pull", "grafana:read");
        var yes = await server.CommandWithInputAsync(token, "explain", "--token", "-", "registry:acme/app:pull", "--json");
        Assert.True(Json(yes).GetProperty("allowed").GetBoolean());
        var issued = await server.CommandAsync("token", "issue", "--subject", "bob", "--permission", "registry:acme/releases:push");
        Assert.Equal(1, issued.ExitCode);
        Assert.Contains("forbids registry:acme/releases:push to everyone", issued.Error);
    }

    [Fact]
    public async Task A_tampered_token_is_refused_by_inspect_with_the_check_that_failed()
    {
        var token = await Server.TokenAsync("alice", "git:acme/app:pull");
        var parts = token.Split('.');
        var result = await Server.CommandWithInputAsync($"{parts[0]}.{parts[1]}.{(parts[2][0] == 'A' ? 'B' : 'A')}{parts[2][1..]}", "token", "inspect", "--json");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("signature_invalid", JsonDocument.Parse(result.Output).RootElement.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_token_file_is_private()
    {
        using var folder = new TemporaryFolder();
        (await Server.CommandAsync("token", "issue", "--subject", "alice", "--permission", "git:acme/app:pull", "--output", folder["alice.token"])).ShouldSucceed();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["alice.token"]));
        (await Server.CommandAsync("token", "inspect", "--token-file", folder["alice.token"])).ShouldSucceed();
        (await Server.CommandAsync("token", "issue", "--subject", "alice", "--permission", "git:acme/app:pull", "--output", folder["alice.token"])).ShouldFail();
    }

    [Fact]
    public async Task A_token_beyond_the_budget_is_not_issued_and_the_refusal_says_what_to_narrow()
    {
        List<string> arguments = ["token", "issue", "--subject", "alice"];
        for (var i = 0; i < 40; i++)
        {
            arguments.AddRange(["--permission", $"git:acme/repository-number-{i}@refs/heads/alice/*:push,force"]);
        }

        var result = await Server.CommandAsync([.. arguments]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("permissions", result.Error);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Repositories_are_created_listed_and_deleted()
    {
        var name = site.NewRepositoryName("deep/er");
        (await Server.CommandAsync("repo", "create", name)).ShouldSucceed();
        Assert.Equal(1, (await Server.CommandAsync("repo", "create", name)).ExitCode);
        Assert.Contains(name, (await Server.CommandAsync("repo", "list")).ShouldSucceed().Output.Split('\n'));
        Assert.Equal(2, (await Server.CommandAsync("repo", "delete", name)).ExitCode);
        (await Server.CommandAsync("repo", "delete", name, "--yes")).ShouldSucceed();
        Assert.DoesNotContain(name, (await Server.CommandAsync("repo", "list")).Output);
        Assert.False(Directory.Exists(Server.RepositoryFolder(name)));
    }

    [Fact]
    public async Task The_audit_shows_what_was_decided_and_verifies()
    {
        var repository = await site.SeededRepositoryAsync();
        var shown = (await Server.CommandAsync("audit", "show", "--repository", repository, "--json")).ShouldSucceed();
        var lines = shown.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Contains(lines, line => AuditTrail.Is(line, "operation", "push") && AuditTrail.Is(line, "subject", "owner"));
        Assert.DoesNotContain("eyJ", shown.Output);

        (await Server.CommandAsync("audit", "verify")).ShouldSucceed();
    }

    [Fact]
    public async Task Doctor_finds_nothing_wrong_with_a_running_server()
    {
        var result = (await Server.CommandAsync("doctor", "--json")).ShouldSucceed();

        var findings = JsonDocument.Parse(result.Output).RootElement.GetProperty("findings").EnumerateArray().ToList();
        Assert.DoesNotContain(findings, finding => finding.GetProperty("level").GetString() == "wrong");
        Assert.Contains(findings, finding => finding.GetProperty("topic").GetString() == "git");
        Assert.Contains(findings, finding => finding.GetProperty("topic").GetString() == "server" && finding.GetProperty("level").GetString() == "good");
    }

    [Fact]
    public async Task Doctor_says_what_to_mend()
    {
        using var folder = new TemporaryFolder();
        await using var server = await PortcullisServer.StartAsync(folder.Make("server"));
        var key = Assert.Single(Directory.GetFiles(Path.Combine(server.DataFolder, "protection")));
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        var result = await server.CommandAsync("doctor");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"chmod 600 {key}", result.Output);
    }

    [Fact]
    public async Task A_broken_configuration_is_reported_whole_with_lines_and_nothing_starts()
    {
        using var folder = new TemporaryFolder();
        var file = folder["portcullis.yaml"];
        await File.WriteAllTextAsync(file, "server:\n  listen: [\"gopher://x\"]\n  colour: blue\nlimits:\n  maxPushBytes: lots\n");

        var result = await Shell.RunAsync(Source.Program, ["serve", "--config", file], folder.Path, new Dictionary<string, string>());

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(":2:", result.Error);
        Assert.Contains(":3:", result.Error);
        Assert.Contains(":5:", result.Error);
        Assert.False(Directory.Exists(folder["data"]));
    }

    private static JsonElement Json(CommandResult result) => JsonDocument.Parse(result.ShouldSucceed().Output).RootElement;
}
