using System.Net;
using System.Text.Json;

namespace Portcullis.Tests.Authority;

public sealed class DeviceFlowTests
{
    [Fact]
    public async Task Device_is_let_in_by_its_code_and_told_to_wait_until_then()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        JsonElement device = await StartAsync(host, "git:acme/app:pull");
        Assert.Matches("^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$", device.GetProperty("user_code").GetString());
        Assert.Equal(5, device.GetProperty("interval").GetInt32());
        Assert.Equal(AuthorityHost.PublicUrl + "/device", device.GetProperty("verification_uri").GetString());
        Assert.Equal("authorization_pending", (await PollAsync(host, device, HttpStatusCode.BadRequest)).GetProperty("error").GetString());
        Assert.Equal("slow_down", (await PollAsync(host, device, HttpStatusCode.BadRequest)).GetProperty("error").GetString());

        using TestBrowser browser = host.CreateBrowser();
        TestPage login = await browser.GetAsync(device.GetProperty("verification_uri_complete").GetString()!);
        Assert.StartsWith("/login?", login.Location, StringComparison.Ordinal);
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage ask = await browser.GetAsync(device.GetProperty("verification_uri_complete").GetString()!);
        Assert.Contains("Read every branch and tag of acme/app", ask.Text, StringComparison.Ordinal);
        TestPage done = await browser.SubmitAsync(ask, "/device", ("decision", "allow"));
        Assert.Equal("/login/device-done", done.Location);

        host.Clock.Advance(TimeSpan.FromSeconds(6));
        JsonElement tokens = await PollAsync(host, device, HttpStatusCode.OK);
        Assert.Equal("alice", (await host.AcceptAsync(tokens.GetProperty("access_token").GetString()!)).Subject);
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(tokens.GetProperty("refresh_token").GetString()!));
        host.Clock.Advance(TimeSpan.FromSeconds(6));
        await PollAsync(host, device, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Denied_and_expired_devices_get_nothing()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        JsonElement device = await StartAsync(host, "git:acme/app:pull");
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage ask = await browser.GetAsync("/device?user_code=" + device.GetProperty("user_code").GetString());
        TestPage denied = await browser.SubmitAsync(ask, "/device", ("decision", "deny"));
        Assert.Equal("/login/device-denied", denied.Location);
        Assert.Equal("access_denied", (await PollAsync(host, device, HttpStatusCode.BadRequest)).GetProperty("error").GetString());
        JsonElement late = await StartAsync(host, "git:acme/app:pull");
        host.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("expired_token", (await PollAsync(host, late, HttpStatusCode.BadRequest)).GetProperty("error").GetString());
    }

    [Fact]
    public async Task Guessing_codes_is_stopped_after_a_few_tries()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage page = await browser.GetAsync("/device");
        for (var i = 0; i < 10; i++)
        {
            TestPage wrong = await browser.SubmitAsync(page, "/device", ("user_code", "BBBB-BBB" + "BCDFGHJKLM"[i]));
            Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await browser.SubmitAsync(page, "/device", ("user_code", "BBBB-BBBZ"))).Status);
    }

    private static Task<JsonElement> StartAsync(AuthorityHost host, string scope) =>
        host.PostAsync("/oauth/device", new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, ["scope"] = scope });

    private static Task<JsonElement> PollAsync(AuthorityHost host, JsonElement device, HttpStatusCode expected) => host.PostAsync(
        "/oauth/token",
        new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["client_id"] = OAuthFlow.ClientId, ["device_code"] = device.GetProperty("device_code").GetString()!,
        },
        expected);
}
