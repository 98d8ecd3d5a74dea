using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Portcullis.EndToEnd.Harness;

/// <summary>
/// Debian's Chromium, driven by Playwright (test/clients/authority-peers/browser.mjs). Each page that a step ends on is looked over: axe-core's rules, nothing wider than the window, nothing that
/// the console, the Content-Security-Policy or the network complain of. <see cref="ShouldBeContent"/> fails where something was found.
/// </summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string s_folder = Path.Combine(Source.Root, "test", "clients", "authority-peers");

    // Longer than browser.mjs waits for any step, so that it is the one to say which.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);
    private static int s_shots;
    private readonly Process _driver;
    private readonly Task<string> _error;

    private Chromium(Process driver)
    {
        _driver = driver;
        _error = driver.StandardError.ReadToEndAsync();
    }

    /// <summary>Whether it can run here; test.sh installs what it needs.</summary>
    public static bool IsThere => File.Exists("/usr/bin/chromium") && Directory.Exists(Path.Combine(s_folder, "node_modules", "axe-core"));

    public const string Missing = "Chromium, and `npm ci` in test/clients/authority-peers, are needed.";

    /// <summary>Starts a browser with one window.</summary>
    public static async Task<Chromium> StartAsync(int width = 1280, int height = 800, bool script = true, bool dark = false)
    {
        var chromium = new Chromium(Shell.Start("node", ["browser.mjs"], s_folder, new Dictionary<string, string> { ["HOME"] = Path.GetTempPath(), ["LC_ALL"] = "C.UTF-8" }));
        await chromium.OpenAsync(width, height, script, dark);
        return chromium;
    }

    /// <summary>Another window, with cookies of its own: another person's, or the same one's other device. Steps go there from now on.</summary>
    public Task OpenAsync(int width = 1280, int height = 800, bool script = true, bool dark = false) => DoAsync(new() { ["do"] = "open", ["width"] = width, ["height"] = height, ["script"] = script, ["dark"] = dark });

    public Task GoToAsync(string url) => DoAsync("goto", url);

    public Task FillAsync(string label, string value) => DoAsync(new() { ["do"] = "fill", ["label"] = label, ["value"] = value });

    public Task ClickAsync(string name, string role = "button") => DoAsync(new() { ["do"] = "click", ["role"] = role, ["name"] = name });

    public Task PressAsync(string key) => DoAsync("press", key);

    public Task TypeAsync(string text) => DoAsync("type", text);

    /// <summary>Waits until the address is this one; <c>**</c> stands for anything.</summary>
    public Task WaitForAsync(string address) => DoAsync("wait", address);

    /// <summary>Waits until the page shows this.</summary>
    public Task WaitForTextAsync(string text) => DoAsync("waitText", text);

    /// <summary>What a person reads, in one line.</summary>
    public async Task<string> TextAsync() => (await DoAsync("text", null))!.GetValue<string>();

    public async Task<string> UrlAsync() => (await DoAsync("url", null))!.GetValue<string>();

    /// <summary>What the focus is on, by the name that a screen reader gives it.</summary>
    public async Task<string> FocusedAsync() => (await DoAsync("focused", null))!.GetValue<string>();

    public async Task<string?> AttributeAsync(string selector, string name)
        => (await DoAsync(new() { ["do"] = "attribute", ["selector"] = selector, ["name"] = name }))?.GetValue<string>();

    public async Task<string[]> AllAsync(string selector)
        => [.. (await DoAsync(new() { ["do"] = "all", ["selector"] = selector }))!.AsArray().Select(text => text!.GetValue<string>())];

    public async Task<bool> ShowsAsync(string name, string role = "button")
        => (await DoAsync(new() { ["do"] = "visible", ["role"] = role, ["name"] = name }))!.GetValue<bool>();

    /// <summary>Plugs an authenticator in, which keeps passkeys and whose person is always there.</summary>
    public Task AddAuthenticatorAsync() => DoAsync("authenticator", null);

    /// <summary>Keeps a picture of the page in the folder that PORTCULLIS_SCREENSHOTS names; without it, none.</summary>
    public Task ShotAsync(string name) => Environment.GetEnvironmentVariable("PORTCULLIS_SCREENSHOTS") is { Length: > 0 } folder
        ? DoAsync("shot", Path.Combine(folder, $"{Interlocked.Increment(ref s_shots):D2}-{name}.png"))
        : Task.CompletedTask;

    /// <summary>Moves the focus by Tab alone until it is on what has this name.</summary>
    public async Task TabToAsync(string name)
    {
        for (var i = 0; i < 40; i++)
        {
            if (await FocusedAsync() == name)
            {
                return;
            }

            await PressAsync("Tab");
        }

        Assert.Fail($"Tab does not lead to '{name}':\n{await TextAsync()}");
    }

    /// <summary>Fails where any page so far broke a rule, or a browser's console complained.</summary>
    public async Task ShouldBeContent()
        => Assert.Empty((await DoAsync("problems", null))!.AsArray().Select(problem => problem!.GetValue<string>()));

    public async ValueTask DisposeAsync()
    {
        _driver.StandardInput.Close();
        try
        {
            await _driver.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (TimeoutException)
        {
            _driver.Kill(entireProcessTree: true);
        }

        _driver.Dispose();
    }

    private Task<JsonNode?> DoAsync(string what, string? value) => DoAsync(new() { ["do"] = what, ["value"] = value });

    private async Task<JsonNode?> DoAsync(JsonObject command)
    {
        await _driver.StandardInput.WriteLineAsync(command.ToJsonString());
        await _driver.StandardInput.FlushAsync();
        if (await _driver.StandardOutput.ReadLineAsync().WaitAsync(s_patience) is not { } line)
        {
            throw new InvalidOperationException($"The browser ended: {await _error}");
        }

        var answer = JsonNode.Parse(line)!;
        Assert.True(answer["error"] is null, answer["error"]?.GetValue<string>());
        return answer["value"];
    }
}
