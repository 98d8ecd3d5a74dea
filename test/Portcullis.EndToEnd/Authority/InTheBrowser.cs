using System.Text.Json;
using Portcullis.EndToEnd.Harness;
using Portcullis.Tests.Authority;

namespace Portcullis.EndToEnd.Authority;

/// <summary>
/// People at Debian's Chromium sign in at the real program, and git goes by what they did there. Every page on the way is looked over: see <see cref="Chromium.ShouldBeContent"/>.
/// </summary>
public sealed class InTheBrowser(BrowserSite site) : IClassFixture<BrowserSite>
{
    private PortcullisServer Server => site.Server;

    [Fact]
    public async Task Enrolment_link_leads_to_a_password_and_a_passkey_and_each_signs_in()
    {
        Assert.SkipUnless(Chromium.IsThere, Chromium.Missing);
        var added = (await Server.CommandAsync("user", "add", "eve", "--group", "engineering", "--json")).ShouldSucceed();
        var link = JsonDocument.Parse(added.Output).RootElement.GetProperty("enrolmentLink").GetString()!;
        await using var browser = await Chromium.StartAsync();
        await browser.AddAuthenticatorAsync();

        await browser.GoToAsync(link);
        await browser.ShotAsync("enrol");
        Assert.DoesNotContain('#', await browser.UrlAsync());
        await browser.ClickAsync("Set up my account");
        await browser.WaitForAsync("**/account?welcome=1");
        await browser.ShotAsync("welcome");
        await browser.ClickAsync("Add a passkey");
        await browser.WaitForAsync("**/account?done=*");
        await browser.FillAsync("New password", AuthoritySite.Password);
        await browser.ClickAsync("Set password");
        await browser.WaitForTextAsync("Present password");
        await browser.ShotAsync("account");

        await SignOutAsync(browser);
        await SignInAsync(browser, "eve");
        await SignOutAsync(browser);
        await browser.GoToAsync($"{Server.Url}/login");
        await browser.ShotAsync("sign-in");
        await browser.ClickAsync("Use a passkey");
        await browser.WaitForAsync("**/account");

        // The link is used up, whoever finds it.
        await browser.OpenAsync();
        await browser.GoToAsync(link);
        await browser.ClickAsync("Set up my account");
        await browser.WaitForTextAsync("This link was used before");
        await browser.ShotAsync("enrol-again");
        await browser.ShouldBeContent();
        Assert.DoesNotContain(link.Split('#')[1], string.Join('\n', Server.Audit.Read()) + Server.Log);
    }

    [Fact]
    public async Task Second_step_asks_for_a_code_of_the_app_and_takes_each_recovery_code_once()
    {
        Assert.SkipUnless(Chromium.IsThere, Chromium.Missing);
        await AuthoritySite.AddPersonAsync(Server, "oscar", "--group", "engineering");
        await using var browser = await Chromium.StartAsync();
        await SignInAsync(browser, "oscar");
        await browser.ClickAsync("Set it up", "link");
        await browser.WaitForAsync("**/account/code");
        await browser.ShotAsync("code-setup");
        var key = (await browser.AllAsync("main code")).Single().Replace(" ", "");
        Assert.StartsWith("otpauth://totp/", await browser.AttributeAsync("main p a", "href"));
        await browser.FillAsync("Code", "000000");
        await browser.ClickAsync("Turn on");
        await browser.WaitForTextAsync("That code isn't right");
        var used = Totp.Code(key, DateTimeOffset.UtcNow);
        await browser.FillAsync("Code", used);
        await browser.ClickAsync("Turn on");
        await browser.WaitForTextAsync("Keep these recovery codes");
        await browser.ShotAsync("recovery-codes");
        var recovery = await browser.AllAsync("main code");
        Assert.Equal(10, recovery.Distinct().Count());
        await browser.ClickAsync("I have kept them", "link");
        await browser.WaitForAsync("**/account?done=second-step");

        await SignOutAsync(browser);
        await PasswordAsync(browser, "oscar");
        await browser.WaitForTextAsync("One more step");
        await browser.ShotAsync("second-step");

        // A code that was seen over a shoulder is worth nothing any more.
        await browser.TypeAsync(used);
        await browser.PressAsync("Enter");
        await browser.WaitForTextAsync("it was used before");
        await browser.TypeAsync(Totp.Code(key, DateTimeOffset.UtcNow.AddSeconds(30)));
        await browser.PressAsync("Enter");
        await browser.WaitForAsync("**/account");

        await SignOutAsync(browser);
        await PasswordAsync(browser, "oscar");
        await browser.WaitForTextAsync("One more step");
        await browser.TypeAsync(recovery[0]);
        await browser.PressAsync("Enter");
        await browser.WaitForAsync("**/account");
        await SignOutAsync(browser);
        await PasswordAsync(browser, "oscar");
        await browser.WaitForTextAsync("One more step");
        await browser.TypeAsync(recovery[0]);
        await browser.PressAsync("Enter");
        await browser.WaitForTextAsync("That code isn't right");
        await browser.ShouldBeContent();
        Assert.All([key, .. recovery], secret => Assert.DoesNotContain(secret, string.Join('\n', Server.Audit.Read()) + Server.Log));
    }

    [Fact]
    public async Task Program_is_let_in_by_keyboard_alone_and_ending_its_session_stops_git()
    {
        Assert.SkipUnless(Chromium.IsThere, Chromium.Missing);
        await AuthoritySite.AddPersonAsync(Server, "nina", "--group", "engineering");
        var repository = await site.SeededRepositoryAsync();
        using var program = new NativeProgram(Server.Url, $"git:{repository}:pull git:{repository}@refs/heads/agent/*:push");
        await using var browser = await Chromium.StartAsync(dark: true);

        await browser.GoToAsync(program.Address);
        Assert.Equal("User name", await browser.FocusedAsync());
        await browser.TypeAsync("nina");
        await browser.TabToAsync("Password");
        await browser.TypeAsync(AuthoritySite.Password);
        await browser.PressAsync("Enter");
        await browser.WaitForAsync("**/oauth/authorize*");
        await browser.ShotAsync("consent");
        var text = await browser.TextAsync();
        Assert.Contains("Git on your computer", text);
        Assert.Contains("nina", text);
        Assert.Contains($"Push to branches below agent/ of {repository}", text);
        Assert.Contains($"Read every branch and tag of {repository}", text);
        Assert.Contains("a program on this computer", text);
        await browser.TabToAsync("Allow");
        await browser.PressAsync("Enter");
        await browser.WaitForAsync($"{program.Redirect}**");
        var tokens = await program.TokensAsync();

        var git = site.NewGit().WithPassword(tokens.GetProperty("access_token").GetString()!, "oauth2");
        var work = site.NewFolder();
        var url = $"{Server.Url}/{repository}.git";
        (await git.RunAsync(work, "clone", "--quiet", url, "clone")).ShouldSucceed();
        (await git.RunAsync(Path.Combine(work, "clone"), "push", "--quiet", "origin", "HEAD:refs/heads/agent/one")).ShouldSucceed();

        await browser.GoToAsync($"{Server.Url}/account");
        await browser.ShotAsync("sessions");
        Assert.Contains("Git on your computer", await browser.TextAsync());
        await browser.TabToAsync(await browser.AttributeAsync("button[aria-label^='End the session of Git']", "aria-label") ?? "");
        await browser.PressAsync("Enter");
        await browser.WaitForAsync("**/account?done=session");
        await browser.ShotAsync("session-ended");
        Assert.DoesNotContain("Git on your computer", await browser.TextAsync());

        // On the node where it is said, with the next request.
        Assert.Contains("Authentication failed", (await git.RunAsync(work, "ls-remote", url)).ShouldFail().Text);
        Assert.Equal("invalid_grant", (await OAuthPerson.PostAsync(
            Server.Url, "/oauth/token",
            new() { ["grant_type"] = "refresh_token", ["client_id"] = OAuthPerson.Client, ["refresh_token"] = tokens.GetProperty("refresh_token").GetString()! },
            System.Net.HttpStatusCode.BadRequest)).GetProperty("error").GetString());
        await browser.ShouldBeContent();
    }

    [Fact]
    public async Task Person_who_says_no_lets_nothing_in_and_the_program_hears_it()
    {
        Assert.SkipUnless(Chromium.IsThere, Chromium.Missing);
        using var program = new NativeProgram(Server.Url, "git:acme/*:pull");
        await using var browser = await Chromium.StartAsync();

        // Who types the server's name comes to where they can do something.
        await browser.GoToAsync(Server.Url + "/");
        await browser.WaitForAsync("**/login?returnUrl=%2Faccount");
        await browser.GoToAsync(program.Address);
        await browser.FillAsync("User name", "alice");
        await browser.FillAsync("Password", AuthoritySite.Password + "!");
        await browser.ClickAsync("Sign in");
        await browser.WaitForTextAsync("don't belong together");
        await browser.ShotAsync("wrong-password");
        Assert.Equal("Password", await browser.FocusedAsync());
        await browser.TypeAsync(AuthoritySite.Password);
        await browser.PressAsync("Enter");
        await browser.WaitForAsync("**/oauth/authorize*");
        await browser.ClickAsync("Deny");
        await browser.WaitForAsync($"{program.Redirect}**");
        var callback = await program.CallbackAsync();
        Assert.Equal("access_denied", callback["error"]);
        Assert.False(callback.ContainsKey("code"));
        await browser.ShouldBeContent();
    }

    [Fact]
    public async Task Code_of_a_device_is_typed_on_a_phone()
    {
        Assert.SkipUnless(Chromium.IsThere, Chromium.Missing);
        var repository = await site.SeededRepositoryAsync();
        var device = await OAuthPerson.PostAsync(Server.Url, "/oauth/device", new() { ["client_id"] = OAuthPerson.Client, ["scope"] = $"git:{repository}:pull,push" });
        await using var browser = await Chromium.StartAsync(width: 320, height: 640, script: false);
        await browser.GoToAsync(device.GetProperty("verification_uri").GetString()!);
        await browser.FillAsync("User name", "alice");
        await browser.FillAsync("Password", AuthoritySite.Password);
        await browser.ShotAsync("phone-sign-in");
        await browser.ClickAsync("Sign in");
        await browser.WaitForAsync("**/device");
        await browser.ShotAsync("phone-device");
        await browser.FillAsync("The code that your device shows", "BBBB-BBBB");
        await browser.ClickAsync("Continue");
        await browser.WaitForTextAsync("There is no such code");

        // As people type it: small letters, no hyphen.
        await browser.FillAsync("The code that your device shows", device.GetProperty("user_code").GetString()!.Replace("-", "").ToLowerInvariant());
        await browser.ClickAsync("Continue");
        await browser.WaitForTextAsync("Does your device show the same one?");
        await browser.ShotAsync("phone-device-consent");
        Assert.Contains($"Push to any branch (but not branch main) of {repository}", await browser.TextAsync());
        await browser.ClickAsync("Allow");
        await browser.WaitForAsync("**/login/device-done");
        await browser.ShotAsync("phone-device-done");
        var tokens = await OAuthPerson.PostAsync(Server.Url, "/oauth/token", new()
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["client_id"] = OAuthPerson.Client, ["device_code"] = device.GetProperty("device_code").GetString()!,
        });
        var git = site.NewGit().WithPassword(tokens.GetProperty("access_token").GetString()!, "oauth2");
        (await git.RunAsync(site.NewFolder(), "clone", "--quiet", $"{Server.Url}/{repository}.git", "clone")).ShouldSucceed();
        await browser.GoToAsync($"{Server.Url}/account");
        await browser.ShotAsync("phone-account");
        await browser.ShouldBeContent();
    }

    private async Task SignInAsync(Chromium browser, string name)
    {
        await PasswordAsync(browser, name);
        await browser.WaitForAsync("**/account");
    }

    private async Task PasswordAsync(Chromium browser, string name)
    {
        await browser.GoToAsync($"{Server.Url}/login");
        await browser.FillAsync("User name", name);
        await browser.FillAsync("Password", AuthoritySite.Password);
        await browser.ClickAsync("Sign in");
    }

    private static async Task SignOutAsync(Chromium browser)
    {
        await browser.ClickAsync("Sign out");
        await browser.WaitForTextAsync("You are signed out of these pages");
    }
}
