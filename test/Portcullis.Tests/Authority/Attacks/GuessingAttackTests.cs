using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Authority.People;

namespace Portcullis.Tests.Authority.Attacks;

/// <summary>Who has an account, which password, which code: what guessing gets. More in SignInPagesTests and DeviceFlowTests.</summary>
public sealed class GuessingAttackTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("alice")] // Wrong password.
    [InlineData("nobody")] // No account.
    [InlineData("disabled")] // Right password.
    [InlineData("invited")] // No password yet.
    [InlineData("locked")] // Right password.
    public async Task Each_try_costs_exactly_one_hash_whoever_it_is_about(string name)
    {
        var hasher = new CountingHasher();
        await using AuthorityHost host = await AuthorityHost.StartAsync(
            configure: o => o with { MaxFailuresPerAddress = 1000 }, services: services => services.AddSingleton<IPasswordHasher<Person>>(hasher));
        await host.AddAliceAsync();
        foreach (var other in new[] { "disabled", "locked", "invited" })
        {
            await host.Users.AddAsync(other, null, null, [], false, Stop);
        }

        await host.Users.SetPasswordAsync("disabled", AuthorityHost.Password, Stop);
        await host.Users.DisableAsync("disabled", Stop);
        await host.Users.SetPasswordAsync("locked", AuthorityHost.Password, Stop);
        await using (AsyncServiceScope scope = host.Services.CreateAsyncScope())
        {
            var people = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
            await people.SetLockoutEndDateAsync((await people.FindByNameAsync("locked"))!, DateTimeOffset.MaxValue);
        }

        using TestBrowser browser = host.CreateBrowser();
        hasher.Count = 0;
        TestPage page = await browser.SignInAsync(name, name == "alice" ? "wrong wrong wrong" : AuthorityHost.Password);
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Contains("That user name and password don&#x27;t belong together.", page.Text, StringComparison.Ordinal);
        Assert.Equal(1, hasher.Count);
    }

    [Fact]
    public async Task Secrets_of_clients_are_not_guessed_one_after_the_other()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { MaxFailuresPerAddress = 5 });
        var secret = await host.AddServiceClientAsync();
        Dictionary<string, string> form = new() { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = "wrong" };
        for (var i = 0; i < 5; i++)
        {
            await host.PostAsync("/oauth/token", form, HttpStatusCode.Unauthorized);
        }

        form["client_secret"] = secret;
        using HttpClient client = host.CreateClient();
        HttpResponseMessage answer = await client.PostAsync("/oauth/token", new FormUrlEncodedContent(form), Stop);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        host.Clock.Advance(TimeSpan.FromSeconds(61));
        await host.PostAsync("/oauth/token", form);
    }

    [Fact]
    public async Task Device_codes_are_guessed_neither_by_the_person_nor_by_the_device()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { MaxFailuresPerAddress = 20, MaxFailedSignIns = 5 });
        await host.AddAliceAsync();
        JsonElement device = await host.PostAsync("/oauth/device", new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, ["scope"] = "git:acme/app:pull" });
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync("/device?user_code=BCDF-GHJ" + "KLMNP"[i])).Status);
        }

        TestPage right = await browser.GetAsync("/device?user_code=" + device.GetProperty("user_code").GetString());
        Assert.Equal(HttpStatusCode.TooManyRequests, right.Status);
        Assert.InRange(right.Response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 300);
        Assert.DoesNotContain("value=\"allow\"", right.Text, StringComparison.Ordinal);
        for (var i = 0; i < 15; i++)
        {
            await host.PostAsync(
                "/oauth/token", new Dictionary<string, string> { ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["client_id"] = OAuthFlow.ClientId, ["device_code"] = "guess" + i }, HttpStatusCode.BadRequest);
        }

        await host.PostAsync(
            "/oauth/token", new Dictionary<string, string> { ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["client_id"] = OAuthFlow.ClientId, ["device_code"] = "guess" }, HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Code_from_the_app_works_once()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        string key;
        await using (AsyncServiceScope scope = host.Services.CreateAsyncScope())
        {
            var people = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
            Person alice = (await people.FindByNameAsync("alice"))!;
            await people.ResetAuthenticatorKeyAsync(alice);
            await people.SetTwoFactorEnabledAsync(alice, true);
            key = (await people.GetAuthenticatorKeyAsync(alice))!;
        }

        // Whoever looked over the shoulder types it a moment later (RFC 6238 §5.2).
        var code = Totp.Code(key, DateTimeOffset.UtcNow);
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(host, code)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SignInAsync(host, code)).Status);
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(host, Totp.Code(key, DateTimeOffset.UtcNow.AddSeconds(30)))).Status);
    }

    private static async Task<TestPage> SignInAsync(AuthorityHost host, string code)
    {
        using TestBrowser browser = host.CreateBrowser();
        TestPage step = await browser.SignInAsync("alice", AuthorityHost.Password);
        return await browser.SubmitAsync(step, "/login/code", ("code", code));
    }

    private sealed class CountingHasher : IPasswordHasher<Person>
    {
        private readonly PasswordHasher<Person> _inner = new();

        public int Count { get; set; }

        public string HashPassword(Person user, string password)
        {
            Count++;
            return _inner.HashPassword(user, password);
        }

        public PasswordVerificationResult VerifyHashedPassword(Person user, string hashedPassword, string providedPassword)
        {
            Count++;
            return _inner.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}
