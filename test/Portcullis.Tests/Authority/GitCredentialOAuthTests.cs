using System.Diagnostics;
using System.Text.RegularExpressions;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority;

/// <summary>Debian's git-credential-oauth, configured as docs/guides/sign-in.md says. Skipped where it isn't installed.</summary>
[Trait("suite", "peers")]
public sealed class GitCredentialOAuthTests
{
    private const string Program = "/usr/bin/git-credential-oauth";

    [Fact]
    public async Task Helper_signs_a_person_in_through_the_browser()
    {
        Assert.SkipUnless(File.Exists(Program), "The Debian package git-credential-oauth is needed.");
        await using AuthorityHost host = await AuthorityHost.StartAsync(listens: true);
        await host.AddAliceAsync();
        var output = await RunAsync(host, async url =>
        {
            using TestBrowser browser = host.CreateBrowser();
            await browser.SignInAsync("alice", AuthorityHost.Password);
            TestPage consent = await browser.GetAsync(url);
            TestPage answer = await browser.SubmitAsync(consent, "/oauth/authorize", ("decision", "allow"));
            using var client = new HttpClient();
            using HttpResponseMessage callback = await client.GetAsync(answer.Location, TestContext.Current.CancellationToken);
        });
        ValidatedToken token = await host.AcceptAsync(output["password"]);
        Assert.Equal("alice", token.Subject);
        Assert.Equal("git:acme/app:pull", token.Scope);
        Assert.True(output["password"].Length <= 1200);
    }

    private static async Task<Dictionary<string, string>> RunAsync(AuthorityHost host, Func<string, Task> browse)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        var configuration = new Dictionary<string, string>
        {
            [$"credential.{host.Address}.oauthClientId"] = "git-credential-portcullis",
            [$"credential.{host.Address}.oauthScopes"] = "git:acme/app:pull",
            [$"credential.{host.Address}.oauthAuthURL"] = "/oauth/authorize",
            [$"credential.{host.Address}.oauthTokenURL"] = "/oauth/token",
            [$"credential.{host.Address}.oauthDeviceAuthURL"] = "/oauth/device",
        };
        var start = new ProcessStartInfo(Program, ["-verbose", "get"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = host.Directory;
        // The helper gives up where it can't open a browser. The address that it prints is opened by the test.
        start.Environment["BROWSER"] = "true";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_COUNT"] = configuration.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var (index, setting) in configuration.Index())
        {
            start.Environment[$"GIT_CONFIG_KEY_{index}"] = setting.Key;
            start.Environment[$"GIT_CONFIG_VALUE_{index}"] = setting.Value;
        }

        using var helper = Process.Start(start)!;
        var uri = new Uri(host.Address);
        await helper.StandardInput.WriteAsync($"protocol=http\nhost={uri.Authority}\n\n".AsMemory(), stop);
        helper.StandardInput.Close();
        Task<string> output = helper.StandardOutput.ReadToEndAsync(stop);
        var said = "";
        while (await helper.StandardError.ReadLineAsync(stop) is { } line)
        {
            said += line + "\n";
            if (Regex.Match(line, $"{Regex.Escape(host.Address)}/oauth/authorize\\S+") is { Success: true } match && said.Split("/oauth/authorize?").Length == 2)
            {
                await browse(match.Value);
            }
        }

        await helper.WaitForExitAsync(stop);
        Assert.True(helper.ExitCode == 0, said);
        return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
    }
}
