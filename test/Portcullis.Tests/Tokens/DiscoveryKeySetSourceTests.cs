using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Tokens;

public sealed class DiscoveryKeySetSourceTests : IDisposable
{
    private const string Issuer = "https://idp.example/tenant";

    private static readonly SigningKey s_key = SigningKey.Create();

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero));
    private readonly ScriptedServer _server = new();

    public DiscoveryKeySetSourceTests()
    {
        _server.Pages["/tenant/.well-known/openid-configuration"] = _ => ScriptedServer.Ok($$"""{"issuer":"{{Issuer}}","jwks_uri":"https://keys.example/keys"}""");
        _server.Pages["/keys"] = _ => ScriptedServer.Ok(ScriptedServer.Jwks(s_key));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Finds_the_keys_by_OpenID_discovery()
    {
        KeySet? keys = await Source().GetAsync(Cancel);

        Assert.Equal([s_key.KeyId!], keys!.KeyIds);
        Assert.Equal(["https://idp.example/tenant/.well-known/openid-configuration", "https://keys.example/keys"], _server.Requests.Select(r => r.Uri.ToString()));
    }

    [Fact]
    public async Task Finds_the_keys_by_OAuth_metadata_where_there_is_no_OpenID()
    {
        _server.Pages["/.well-known/oauth-authorization-server/tenant"] = _server.Pages["/tenant/.well-known/openid-configuration"];
        _server.Pages.Remove("/tenant/.well-known/openid-configuration");

        Assert.NotNull(await Source().GetAsync(Cancel));
    }

    [Theory]
    [InlineData("""{"issuer":"https://mallory.example","jwks_uri":"https://keys.example/keys"}""")]
    [InlineData("""{"issuer":"https://idp.example/tenant/","jwks_uri":"https://keys.example/keys"}""")]
    [InlineData("""{"jwks_uri":"https://keys.example/keys"}""")]
    [InlineData("""{"issuer":"https://idp.example/tenant"}""")]
    [InlineData("""{"issuer":"https://idp.example/tenant","jwks_uri":"http://keys.example/keys"}""")]
    [InlineData("""{"issuer":"https://idp.example/tenant","jwks_uri":"/keys"}""")]
    [InlineData("""{"issuer":"https://idp.example/tenant","jwks_uri":"file:///keys"}""")]
    [InlineData("""{"issuer":"https://idp.example/tenant","jwks_uri":["https://keys.example/keys"]}""")]
    [InlineData("""{"issuer":"https://idp.example/tenant","jwks_uri":"https://keys.example/keys","issuer":"https://idp.example/tenant"}""")]
    [InlineData("no json")]
    public async Task Rejects_metadata_of_somebody_else_or_of_no_use(string metadata)
    {
        _server.Pages["/tenant/.well-known/openid-configuration"] = _ => ScriptedServer.Ok(metadata);
        DiscoveryKeySetSource source = Source();

        Assert.Null(await source.GetAsync(Cancel));
        Assert.NotNull(source.Status.Problem);
        Assert.DoesNotContain(_server.Requests, r => r.Uri.AbsolutePath == "/keys");
    }

    [Fact]
    public async Task Goes_where_the_keys_were_when_only_the_metadata_is_away()
    {
        DiscoveryKeySetSource source = Source();
        Assert.NotNull(await source.GetAsync(Cancel));
        _server.Pages.Remove("/tenant/.well-known/openid-configuration");

        _time.Advance(TimeSpan.FromHours(2));

        Assert.NotNull(await source.GetAsync(Cancel));
        Assert.Null(source.Status.Problem);
    }

    [Fact]
    public async Task Works_over_a_real_connection_and_follows_nothing_unseen()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        await using WebApplication application = builder.Build();
        string address = "";
        application.MapGet("/.well-known/openid-configuration", () => Results.Text($$"""{"issuer":"{{address}}","jwks_uri":"{{address}}/keys"}""", "application/json"));
        application.MapGet("/keys", () => Results.Text(ScriptedServer.Jwks(s_key), "application/json"));
        application.MapGet("/elsewhere", () => Results.Redirect(address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) + "/keys"));
        await application.StartAsync(Cancel);
        address = application.Urls.Single();

        var found = new DiscoveryKeySetSource(address, _time);
        var redirected = new HttpKeySetSource(new Uri(address + "/elsewhere"), _time);

        Assert.Equal([s_key.KeyId!], (await found.GetAsync(Cancel))!.KeyIds);
        Assert.Null(await redirected.GetAsync(Cancel));
        Assert.Contains("another origin", redirected.Status.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://idp.example")]
    [InlineData("idp.example")]
    [InlineData("https://idp.example/?tenant=1")]
    [InlineData("https://user@idp.example")]
    public void Rejects_an_issuer_that_is_no_safe_address(string issuer) => Assert.Throws<ArgumentException>(() => new DiscoveryKeySetSource(issuer, _time));

    private DiscoveryKeySetSource Source() => new(Issuer, _time, handler: _server);
}
