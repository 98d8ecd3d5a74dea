using System.Net;
using Portcullis.Authority.Clients;

namespace Portcullis.Tests.Authority.Attacks;

/// <summary>RFC 9700 §4.1 and RFC 8252 §8: redirect addresses that are almost the client's.</summary>
public sealed class RedirectAddressAttackTests
{
    private static readonly string[] s_evil =
    [
        "https://app.example.evil.test/callback", "https://app.example@evil.test/callback", "https://evil.test/app.example/callback", "https://app.example.:443/callback",
        "https://app.example/callback/", "https://app.example/callback/../evil", "https://app.example/callback%2f..%2fevil", "https://app.example/CALLBACK", "https://app.example/callback?x=1",
        "https://app.example/callback#fragment", "https://app.example/callback?", "http://app.example/callback", "https://app.example:8443/callback", "https://sub.app.example/callback",
        "https://app.example\\@evil.test/callback", "https://app.example%00.evil.test/callback", "//app.example/callback", "/callback", "callback", "javascript:alert(1)//https://app.example/callback",
        "data:text/html,x", "https://аpp.example/callback", " https://app.example/callback", "https://app.example/callback\r\nx: y", "https://app.example/callback;x", "",
    ];

    private static readonly string[] s_evilLoopback =
    [
        "http://127.0.0.1.evil.test:80", "http://127.0.0.1:80@evil.test", "http://user@127.0.0.1:80", "http://127.0.0.2:80", "http://[::1]:80", "http://0.0.0.0:80", "http://2130706433:80", "http://127.1:80",
        "https://127.0.0.1:80", "http://127.0.0.1:80/path", "http://127.0.0.1:80?x=1", "http://127.0.0.1:80#x", "http://127.0.0.1:99999", "http://localhost.evil.test:80", "http://localhost:80",
    ];

    [Fact]
    public async Task Address_that_is_not_exactly_the_clients_is_never_redirected_to()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        await host.Clients.AddAsync(
            new ClientInfo { Id = "web", Grants = [ClientGrant.AuthorizationCode], RedirectUris = ["https://app.example/callback"], IsConfidential = true }, TestContext.Current.CancellationToken);
        await host.Clients.AddAsync(
            new ClientInfo { Id = "native", Grants = [ClientGrant.AuthorizationCode], RedirectUris = ["http://127.0.0.1"] }, TestContext.Current.CancellationToken);
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        foreach (var (client, address) in s_evil.Select(e => ("web", e)).Concat(s_evilLoopback.Select(e => ("native", e))))
        {
            TestPage page = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull", ("client_id", client), ("redirect_uri", address)));
            Assert.True(page.Status == HttpStatusCode.BadRequest && page.Response.Headers.Location is null, $"{address}: {(int)page.Status} {page.Response.Headers.Location}");
        }

        // The bench itself: the true ones are asked about.
        foreach (var (client, address) in new[] { ("web", "https://app.example/callback"), ("native", "http://127.0.0.1:1024"), ("native", "http://127.0.0.1") })
        {
            TestPage page = await browser.GetAsync(OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull", ("client_id", client), ("redirect_uri", address)));
            Assert.True(page.Status == HttpStatusCode.OK, $"{address}: {page.Text}");
        }
    }

    [Theory]
    [InlineData("https://app.example/callback", "https://evil.test/")]
    [InlineData("https://evil.test/", "https://app.example/callback")]
    public async Task Address_given_twice_is_refused(string first, string second)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.Clients.AddAsync(
            new ClientInfo { Id = "web", Grants = [ClientGrant.AuthorizationCode], RedirectUris = ["https://app.example/callback"], IsConfidential = true }, TestContext.Current.CancellationToken);
        using TestBrowser browser = host.CreateBrowser();
        TestPage page = await browser.GetAsync(
            OAuthFlow.AuthorizeUrl(OAuthFlow.NewVerifier(), "git:acme/app:pull", ("client_id", "web"), ("redirect_uri", first)) + "&redirect_uri=" + Uri.EscapeDataString(second));
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Null(page.Response.Headers.Location);
    }

    [Theory]
    [InlineData("http://app.example/callback")]
    [InlineData("https://app.example/callback#fragment")]
    [InlineData("https://user@app.example/callback")]
    [InlineData("javascript:alert(1)")]
    [InlineData("myapp:/callback")]
    [InlineData("/callback")]
    public async Task Client_with_an_address_that_others_could_take_is_not_registered(string address)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        Assert.False((await host.Clients.AddAsync(
            new ClientInfo { Id = "web", Grants = [ClientGrant.AuthorizationCode], RedirectUris = [address], IsConfidential = true }, TestContext.Current.CancellationToken)).Succeeded);
    }
}
