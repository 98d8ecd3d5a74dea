using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Portcullis.AspNetCore;
using Portcullis.AspNetCore.Permissions;
using Portcullis.Tests.Tokens;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Minting;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.AspNetCore;

/// <summary>A service of somebody's own that accepts the tokens of an authority, and that authority's public documents, without a network.</summary>
internal sealed class TokenService : IAsyncDisposable
{
    public const string Authority = "https://git.example.com";

    private readonly WebApplication _app;

    private TokenService(WebApplication app, ScriptedServer authority, FakeTimeProvider clock) => (_app, Documents, Clock) = (app, authority, clock);

    public ScriptedServer Documents { get; }

    public FakeTimeProvider Clock { get; }

    public SigningKey Key { get; private set; } = null!;

    public RevocationList Revocations { get; private set; } = null!;

    public ConcurrentQueue<string> Log { get; } = new();

    public static async Task<TokenService> StartAsync(Action<PortcullisTokenOptions>? configure = null)
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero));
        var documents = new ScriptedServer();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.AddPortcullisTokens(Authority, options =>
        {
            options.Backchannel = documents;
            configure?.Invoke(options);
        });
        WebApplication app = builder.Build();
        app.MapGet("/whoami", (HttpContext http) => $"{http.User.Identity!.Name} {http.GetPortcullisToken()!.TokenId}");
        app.MapGet("/dashboards", () => "dashboards").RequireScope("grafana:read");
        app.MapGet("/images/{owner}/{name}", (string owner, string name) => "image").RequireScope("registry:{owner}/{name}:pull");
        app.MapGet("/builds/{owner}/{repository}", () => "built").RequireScope("git:{owner}/{repository}:pull");
        app.MapPost("/builds/{owner}/{repository}", () => "building").RequireScope("git:{owner}/{repository}:pull", "builds:start");
        app.MapGet("/open", () => "open").AllowAnonymous();
        var service = new TokenService(app, documents, clock) { Key = SigningKey.Create(), Revocations = new RevocationList(clock) };
        service.Publish();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return service;
    }

    /// <summary>Puts the authority's documents where they are looked for.</summary>
    public void Publish()
    {
        Documents.Pages["/.well-known/openid-configuration"] = _ => ScriptedServer.Ok($$"""{"issuer":"{{Authority}}","jwks_uri":"{{Authority}}/.well-known/jwks.json"}""");
        Documents.Pages["/.well-known/jwks.json"] = _ => ScriptedServer.Ok(ScriptedServer.Jwks(Key));
        Documents.Pages[RevocationFeed.Path] = request =>
        {
            // As the authority does: held until something changes.
            var revision = Revocations.Revision;
            var tag = $"\"r{revision}\"";
            if (request.Headers.IfNoneMatch.Any(known => known.Tag == tag))
            {
                return new HttpResponseMessage(HttpStatusCode.NotModified) { Headers = { RetryAfter = new(TimeSpan.FromSeconds(5)) } };
            }

            return ScriptedServer.Ok(Encoding.UTF8.GetString(RevocationFeed.Write(Authority, Revocations.Entries)), ("ETag", tag));
        };
    }

    public void RotateKey() => Key = SigningKey.Create();

    public string Token(string scope, string subject = "alice", Func<TokenRequest, TokenRequest>? change = null)
    {
        var request = new TokenRequest { Subject = subject, Audiences = [Authority], Scope = scope };
        return new TokenMinter(Authority, Key, Clock).Mint(change?.Invoke(request) ?? request).Token!;
    }

    public async Task<HttpResponseMessage> SendAsync(string path, string? authorization, HttpMethod? method = null, params (string Name, string Value)[] headers)
    {
        using HttpClient client = _app.GetTestClient();
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? token) => SendAsync(path, token is null ? null : "Bearer " + token);

    public static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Key.Dispose();
    }
}
