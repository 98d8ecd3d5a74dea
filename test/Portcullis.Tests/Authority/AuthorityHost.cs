using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Portcullis.EndToEnd.Harness;
using Portcullis.Access.Policies;
using Portcullis.Authority;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Keys;
using Portcullis.Authority.People;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority;

/// <summary>An authority of its own for one test: in a folder that goes, on a clock that the test sets.</summary>
internal sealed class AuthorityHost : IAsyncDisposable
{
    public const string Password = AuthoritySetup.Password;
    public const string PublicUrl = "http://localhost";

    public const string WorkloadIssuer = "https://token.actions.example";

    private readonly WebApplication _app;
    private readonly bool _ownsDirectory;

    private AuthorityHost(WebApplication app, string address, string directory, bool ownsDirectory, FakeTimeProvider clock, AuthorityStartupReport report, LogCapture log)
    {
        (_app, Address, Directory, _ownsDirectory, Clock, Report, Log) = (app, address, directory, ownsDirectory, clock, report, log);
        Gateway = AuthoritySetup.GatewayOf(Services, address, clock);
    }

    /// <summary>The public address, and issuer.</summary>
    public string Address { get; }

    public string Directory { get; }

    public FakeTimeProvider Clock { get; }

    public AuthorityStartupReport Report { get; }

    public LogCapture Log { get; }

    /// <summary>What a gateway in the same process verifies with.</summary>
    public TokenValidator Gateway { get; }

    public IServiceProvider Services => _app.Services;

    public KeyRing Keys => Services.GetRequiredService<KeyRing>();

    public UserAdministration Users => Services.GetRequiredService<UserAdministration>();

    public ClientAdministration Clients => Services.GetRequiredService<ClientAdministration>();

    public Portcullis.Authority.Revocations.Revocations Revocations => Services.GetRequiredService<Portcullis.Authority.Revocations.Revocations>();

    public static async Task<AuthorityHost> StartAsync(
        string? directory = null, Func<AuthorityOptions, AuthorityOptions>? configure = null, FakeTimeProvider? clock = null, bool listens = false, Action<IServiceCollection>? services = null)
    {
        var ownsDirectory = directory is null;
        directory ??= System.IO.Directory.CreateTempSubdirectory("portcullis-authority-").FullName;
        clock ??= new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
        var log = new LogCapture();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        var address = PublicUrl;
        if (listens)
        {
            address = $"http://127.0.0.1:{FreePorts.Take()}";
            builder.WebHost.UseUrls(address);
        }
        else
        {
            builder.WebHost.UseTestServer();
        }

        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(log);
        builder.Services.AddSingleton<TimeProvider>(clock);
        var options = new AuthorityOptions { PublicUrl = address, DataDirectory = directory, Policy = () => Policy };
        options = configure?.Invoke(options) ?? options;
        builder.Services.AddPortcullisAuthority(options);

        // What happens by itself, tests ask for: a clock that is set a month ahead would make it happen five million times.
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(AuthorityUpkeep)));
        // Slow on purpose where it counts, which is not here.
        builder.Services.PostConfigure<Microsoft.AspNetCore.Identity.PasswordHasherOptions>(hasher => hasher.IterationCount = 1000);
        services?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        AuthorityStartupReport report = await app.Services.PreparePortcullisAuthorityAsync(cancellationToken: TestContext.Current.CancellationToken);
        if (listens)
        {
            app.UsePortcullisAuthority();
        }
        else
        {
            app.MapPortcullisAuthority();
        }

        await app.StartAsync(TestContext.Current.CancellationToken);
        return new AuthorityHost(app, options.PublicUrl, directory, ownsDirectory, clock, report, log);
    }

    private bool IsInProcess => Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>() is TestServer;

    /// <summary>alice may do most things in acme/*; the client ci may read acme/app.</summary>
    public static AccessPolicy Policy { get; } = Compile();

    public HttpMessageHandler CreateHandler() => _app.GetTestServer().CreateHandler();

    public HttpClient CreateClient() => IsInProcess ? _app.GetTestClient() : new HttpClient { BaseAddress = new Uri(Address) };

    /// <summary>A browser: keeps cookies, follows nothing by itself.</summary>
    public TestBrowser CreateBrowser() => IsInProcess
        ? new(_app.GetTestServer().CreateHandler(), Address)
        : new(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }, Address);

    public async Task<JsonElement> PostAsync(string path, IReadOnlyDictionary<string, string> form, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using HttpClient client = CreateClient();
        HttpResponseMessage response = await client.PostAsync(path, new FormUrlEncodedContent(form), TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode} {body}");
        return body.Length == 0 ? default : JsonDocument.Parse(body).RootElement;
    }

    public async Task AddAliceAsync(params string[] groups)
    {
        Assert.True((await Users.AddAsync("alice", "Alice Example", "alice@example.com", groups, false, TestContext.Current.CancellationToken)).Succeeded);
        Assert.True((await Users.SetPasswordAsync("alice", Password, TestContext.Current.CancellationToken)).Succeeded);

        // The password's change revoked what was issued up to this second.
        Clock.Advance(TimeSpan.FromSeconds(2));
    }

    public async Task<string> AddServiceClientAsync(string id = "ci", Func<ClientInfo, ClientInfo>? configure = null)
    {
        ClientInfo client = AuthoritySetup.ServiceClient(id);
        AdministrationResult<ClientRegistration> added = await Clients.AddAsync(configure?.Invoke(client) ?? client, TestContext.Current.CancellationToken);
        Assert.True(added.Succeeded, added.Problem);
        return added.Value.Secret ?? "";
    }

    public async Task<ValidatedToken> AcceptAsync(string token)
    {
        TokenResult result = await Gateway.ValidateAsync(token, default, TestContext.Current.CancellationToken);
        Assert.True(result.Token is not null, result.Description);
        return result.Token;
    }

    public async Task RefuseAsync(string token, TokenError error)
    {
        TokenResult result = await Gateway.ValidateAsync(token, default, TestContext.Current.CancellationToken);
        Assert.Equal(error, result.Error);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        if (_ownsDirectory)
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    private static AccessPolicy Compile() => AuthoritySetup.Compile(new PolicyDefinition
    {
        Roles =
        [
            AuthoritySetup.Developer,
            AuthoritySetup.Role("reader", "git:{repository}:pull"),
            AuthoritySetup.Role("observer", "grafana:read", "registry:{repository}:pull,push"),
        ],
        Bindings =
        [
            AuthoritySetup.Binding("developer", "acme/*", "user:alice", "group:engineering"),
            AuthoritySetup.Binding("observer", "acme/*", "group:observers", "client:observer"),
            AuthoritySetup.Binding("reader", "acme/app", "client:ci", "client:keyed"),
        ],
        Rules = [new RuleDefinition([], [], [AuthoritySetup.Text("registry:acme/frozen:push")], default)],
        Trust =
        [
            new TrustDefinition(
                AuthoritySetup.Text(WorkloadIssuer), [new ClaimDefinition(AuthoritySetup.Text("repository_id"), AuthoritySetup.Text("1234"))],
                [AuthoritySetup.Text("git:acme/app@refs/tags/v*:create")], false, default),
        ],
    });
}
