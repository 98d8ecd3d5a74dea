using System.Text.RegularExpressions;
using Portcullis.EndToEnd.Harness;
using Portcullis.EndToEnd.Upstreams.GitHub;

namespace Portcullis.EndToEnd.Tour;

/// <summary>
/// Types what a tutorial says and looks for what it shows. In a block marked <c>sh</c>, a line that begins <c>$ </c> is typed, and each line below it must be
/// part of what is printed; <c>sh server</c> is a command that goes on running, <c>sh browser</c> one whose helper sends a person to the browser, <c>sh device</c> one whose helper gives them a code, and
/// <c>sh eventually</c> one to be typed until it prints what it should.
/// </summary>
public sealed class Tutorial
{
    [Theory]
    [InlineData("first-steps.md")]
    [InlineData("sign-in.md")]
    public async Task Does_what_it_says(string page)
    {
        using var folder = new TemporaryFolder();
        await FollowAsync(page, folder);
    }

    [Fact]
    public async Task Agent_is_confined_as_the_tutorial_says()
    {
        using var folder = new TemporaryFolder();
        await using var gitHub = await GitHubStandIn.StartAsync(folder.Make("github"));
        foreach (var repository in (string[])["acme/app", "acme/lib"])
        {
            await gitHub.CreateRepositoryAsync(repository);
            await SeedAsync(new Git(folder["seed-home"]), folder.Make($"seed-{Path.GetFileName(repository)}"), gitHub.FolderOf(repository));
        }

        gitHub.Model.Install(1, "acme", "write", "app", "lib");
        await File.WriteAllTextAsync(Path.Combine(folder.Make("work"), "github-app.pem"), gitHub.Model.PrivateKeyPem);
        await FollowAsync("confine-an-agent.md", folder, ("https://github.com", gitHub.Url), ("Iv23liYourClientId", GitHubModel.ClientId));

        // What the page does not show: GitHub saw nothing but what its documentation knows, no token of ours, and of the refused pushes none.
        Assert.Empty(gitHub.Model.Departures);
        Assert.Empty(gitHub.Strays);
        Assert.Equal(["acme/app"], gitHub.Model.Tokens.Select(token => token.Repository).Distinct());
        var refs = await new Git(folder["home"]).OutputAsync(gitHub.FolderOf("acme/app"), "for-each-ref", "--format=%(refname) %(subject)");
        Assert.Equal("refs/heads/agent/fix-login Say so\nrefs/heads/main Add README.md", refs);
    }

    private static async Task SeedAsync(Git git, string work, string repository)
    {
        await git.OutputAsync(work, "init", "--quiet", ".");
        await Site.CommitAsync(git, work, "README.md", "hello\n");
        await git.OutputAsync(work, "push", "--quiet", repository, "main");
    }

    private static async Task FollowAsync(string page, TemporaryFolder folder, params (string Written, string Here)[] replacements)
    {
        var port = $"{FreePorts.Take()}";
        var text = await File.ReadAllTextAsync(Path.Combine(Source.Root, "docs", "tutorial", page));
        foreach (var (written, here) in replacements.Prepend(("7080", port)))
        {
            Assert.Contains(written, text);
            text = text.Replace(written, here, StringComparison.Ordinal);
        }

        var home = new Git(folder["home"]);
        var environment = new Dictionary<string, string>(home.Environment)
        {
            ["PATH"] = $"{Path.GetDirectoryName(Source.Program)}:{Path.GetDirectoryName(Source.CredentialHelper)}:{Environment.GetEnvironmentVariable("PATH")}",
            ["PORTCULLIS__SERVER__LISTEN__0"] = $"http://127.0.0.1:{port}",
        };
        foreach (var name in environment.Keys.Where(name => name.StartsWith("GIT_AUTHOR", StringComparison.Ordinal) || name.StartsWith("GIT_COMMITTER", StringComparison.Ordinal)).ToList())
        {
            environment.Remove(name);
        }

        var work = folder.Make("work");
        System.Diagnostics.Process? server = null;
        try
        {
            foreach (var (kind, lines) in Blocks(text))
            {
                if (kind is "browser" or "device")
                {
                    await AskedAsync(lines, work, environment, $"http://127.0.0.1:{port}", hasBrowser: kind == "browser");
                }
                else if (kind == "server")
                {
                    server = Shell.Start("/bin/sh", ["-c", "exec " + lines[0][2..]], work, environment);
                    _ = server.StandardError.ReadToEndAsync();
                    foreach (var expected in lines.Skip(1))
                    {
                        Assert.Contains(expected, await server.StandardOutput.ReadLineAsync());
                    }
                }
                else
                {
                    await TypeAsync(lines, work, environment, kind == "eventually");
                }
            }
        }
        finally
        {
            // The cache that a page sets up is a program that would outlive the test.
            await Shell.RunAsync("git", ["credential-cache", "exit"], work, environment);
            server?.Kill(entireProcessTree: true);
            server?.Dispose();
        }
    }

    /// <summary>Types a command whose helper waits for a person, and is that person: alice.</summary>
    private static async Task AskedAsync(IReadOnlyList<string> lines, string work, Dictionary<string, string> environment, string url, bool hasBrowser)
    {
        // Someone sits at the terminal, and reads what it says.
        using var process = Shell.Start(
            "/bin/sh", ["-c", $"exec {lines[0][2..]} 2>&1"], work, new Dictionary<string, string>(environment) { ["GIT_TERMINAL_PROMPT"] = "1", ["BROWSER"] = hasBrowser ? "true" : "" });
        var printed = "";
        var isSignedIn = false;
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Patience) is { } line)
        {
            printed += line + "\n";
            if (!isSignedIn && Address(line) is { Success: true } address)
            {
                isSignedIn = true;
                await (hasBrowser ? SignInAsync(address.Value, url) : EnterCodeAsync(address.Groups["address"].Value, address.Groups["code"].Value, url));
            }
        }

        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, printed);
        Assert.All(lines.Skip(1), expected => Assert.Contains(expected, printed));

        Match Address(string line) => Regex.Match(line, hasBrowser ? $"{url}/oauth/authorize\\S+" : $"open (?<address>{url}/device) in any browser and enter the code (?<code>\\S+)");
    }

    private static async Task EnterCodeAsync(string address, string code, string url)
    {
        using var alice = new OAuthPerson(url, "alice", AuthoritySite.Password);
        await alice.AgreeToDeviceAsync($"{address}?user_code={Uri.EscapeDataString(code)}");
    }

    // Where Chromium is not installed, by the forms alone.
    private static async Task SignInAsync(string address, string url)
    {
        if (!Chromium.IsThere)
        {
            using var alice = new OAuthPerson(url, "alice", AuthoritySite.Password);
            using var http = new HttpClient();
            using var answer = await http.GetAsync(await alice.AgreeAsync(address));
            return;
        }

        await using var browser = await Chromium.StartAsync();
        await browser.GoToAsync(address);
        await browser.FillAsync("User name", "alice");
        await browser.FillAsync("Password", AuthoritySite.Password);
        await browser.ClickAsync("Sign in");
        await browser.WaitForAsync("**/oauth/authorize*");
        await browser.ShotAsync("tutorial-consent");
        await browser.ClickAsync("Allow");
        await browser.WaitForTextAsync("You are signed in. Git goes on; you can close this window.");
        await browser.ShouldBeContent();
    }

    private static async Task TypeAsync(IReadOnlyList<string> lines, string work, Dictionary<string, string> environment, bool isRepeated)
    {
        for (var i = 0; i < lines.Count;)
        {
            var command = lines[i++];
            Assert.StartsWith("$ ", command);
            var printed = await Shell.RunAsync("/bin/sh", ["-c", $"{{ {command[2..]} ; }} 2>&1"], work, environment);
            for (var deadline = Environment.TickCount64 + (long)Eventually.Patience.TotalMilliseconds; isRepeated && !printed.Output.Contains(lines[i], StringComparison.Ordinal) && Environment.TickCount64 < deadline;)
            {
                await Task.Delay(50);
                printed = await Shell.RunAsync("/bin/sh", ["-c", $"{{ {command[2..]} ; }} 2>&1"], work, environment);
            }

            for (; i < lines.Count && !lines[i].StartsWith("$ ", StringComparison.Ordinal); i++)
            {
                Assert.True(printed.Output.Contains(lines[i], StringComparison.Ordinal), $"after `{command}` there should be `{lines[i]}`, and there is:\n{printed.Output}");
            }
        }
    }

    private static IEnumerable<(string Kind, IReadOnlyList<string> Lines)> Blocks(string text)
    {
        List<string>? block = null;
        var kind = "";
        foreach (var line in text.Split('\n'))
        {
            if (block is null && line.StartsWith("```sh", StringComparison.Ordinal))
            {
                block = [];
                kind = line["```sh".Length..].Trim();
            }
            else if (block is not null && line == "```")
            {
                yield return (kind, block);
                block = null;
            }
            else
            {
                block?.Add(line);
            }
        }
    }
}
