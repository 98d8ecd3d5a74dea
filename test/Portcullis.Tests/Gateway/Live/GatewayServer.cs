using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Portcullis.Access.Policies;
using Portcullis.Audit;
using Portcullis.EndToEnd.Harness;
using Portcullis.Gateway;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Gateway.ForwardAuth;
using Portcullis.Gateway.Registry;
using Portcullis.Git;
using Portcullis.Git.Names;
using Portcullis.Tests.Git;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Minting;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Gateway.Live;

/// <summary>The whole gateway on a port of its own, with tokens, policy, audit and repositories in a folder that goes away with it.</summary>
internal sealed class GatewayServer : IAsyncDisposable, IAccessPolicySource
{
    public const string Audience = "https://git.example.com";

    private readonly string folder = Directory.CreateTempSubdirectory("portcullis-gateway-").FullName;
    private readonly WebApplication application;
    private readonly TokenMinter minter;
    private readonly SigningKey key = SigningKey.Create();
    private Socket? reserved;

    private GatewayServer(WebApplicationBuilder builder, AuditLog audit, Func<GatewayOptions, GatewayOptions> configure, TimeProvider tokenTime, Action<IServiceCollection>? add)
    {
        var ring = new SigningKeyRing(key);
        minter = new TokenMinter(Audience, ring, tokenTime);
        Revocations = new RevocationList(TimeProvider.System);
        var issuer = new TrustedIssuer { Issuer = Audience, Audiences = [Audience], KeySource = ring, Permissions = PermissionSource.Token };
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, FreePorts.Take(), listen => listen.Protocols = HttpProtocols.Http1));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IRevocationList>(Revocations);
        builder.Services.AddSingleton(new TokenValidator([issuer], tokenTime, Revocations));
        builder.Services.AddSingleton(audit);
        builder.Services.AddSingleton<IAccessPolicySource>(this);
        builder.Services.AddPortcullisGateway(configure(new GatewayOptions
        {
            PublicUrl = Audience,
            TokenEndpoint = Audience + "/oauth/token",
            RepositoriesRoot = Path.Combine(folder, "repositories"),
            MirrorsRoot = Path.Combine(folder, "mirrors"),
            RunDirectory = Path.Combine(folder, "run"),
            OperatorGitConfiguration = Path.Combine(folder, "gitconfig"),
        }));
        add?.Invoke(builder.Services);
        application = builder.Build();
        application.UsePortcullisForwardAuth();
        application.UsePortcullisRegistry();
        application.MapPortcullisGateway();
    }

    public AccessPolicy Current { get; set; } = AccessPolicy.Empty;

    public RevocationList Revocations { get; }

    public Uri Address { get; private set; } = null!;

    public string AuditDirectory { get; private init; } = "";

    public string Folder => folder;

    public RepositoryStore Repositories => application.Services.GetRequiredService<RepositoryStore>();

    public T Service<T>() where T : notnull => application.Services.GetRequiredService<T>();

    /// <param name="configure">Changes the settings.</param>
    /// <param name="add">Adds services.</param>
    /// <param name="tokenTime">The clock by which access tokens are issued and expire; all else has the system's.</param>
    public static async Task<GatewayServer> StartAsync(Func<GatewayOptions, GatewayOptions>? configure = null, TimeProvider? tokenTime = null, Action<IServiceCollection>? add = null)
    {
        var auditDirectory = Directory.CreateTempSubdirectory("portcullis-audit-").FullName;
        var audit = await AuditLog.OpenAsync(new AuditLogOptions { Directory = auditDirectory, ReserveBytes = 1 << 20 }, TimeProvider.System);
        var server = new GatewayServer(WebApplication.CreateSlimBuilder(), audit, configure ?? (options => options), tokenTime ?? TimeProvider.System, add) { AuditDirectory = auditDirectory };
        await server.application.StartAsync();
        server.Address = new Uri(server.application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return server;
    }

    public string Token(string scope, string subject = "alice", Func<TokenRequest, TokenRequest>? change = null)
    {
        var request = new TokenRequest { Subject = subject, Audiences = [Audience], Scope = scope };
        return minter.Mint(change is null ? request : change(request)).Token!;
    }

    /// <summary>A repository, made as the store makes it, and filled by plain git.</summary>
    public async Task<string> CreateRepositoryAsync(string path, ObjectFormat format = ObjectFormat.Sha1)
    {
        Assert.True(await Repositories.CreateAsync(RepositoryPath.Parse(path), format, TestContext.Current.CancellationToken));
        return Repositories.Locate(RepositoryPath.Parse(path))!;
    }

    public HttpClient Client(string? token = null)
    {
        var client = new HttpClient { BaseAddress = Address };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }

        return client;
    }

    /// <summary>Runs real git with a token, as a user would.</summary>
    public (int ExitCode, string Output, string Error) Git(string token, string? directory, params string[] arguments)
    {
        var (exitCode, output, error) = GitProgram.TryRun(
            directory,
            arguments,
            null,
            ("GIT_CONFIG_COUNT", "2"),
            ("GIT_CONFIG_KEY_0", "http.extraHeader"),
            ("GIT_CONFIG_VALUE_0", "Authorization: Bearer " + token),
            ("GIT_CONFIG_KEY_1", "protocol.version"),
            ("GIT_CONFIG_VALUE_1", ProtocolVersion.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("GIT_TERMINAL_PROMPT", "0"));
        return (exitCode, System.Text.Encoding.UTF8.GetString(output), error);
    }

    public int ProtocolVersion { get; set; } = 2;

    public string Url(string repository) => new Uri(Address, repository).ToString();

    public async Task<IReadOnlyList<AuditEntry>> AuditAsync()
    {
        List<AuditEntry> entries = [];
        await foreach (var entry in new AuditReader(AuditDirectory).ReadAsync(new AuditFilter(), TestContext.Current.CancellationToken))
        {
            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>From now on nobody listens; what is in the folder stays until the end.</summary>
    public async Task StopListeningAsync()
    {
        await application.StopAsync();

        // Bound, so that nobody comes to listen here, and does not answer. It is none of the ports that the system gives out, so it is still free.
        reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, Address.Port));
    }

    public async ValueTask DisposeAsync()
    {
        reserved?.Dispose();
        var audit = application.Services.GetRequiredService<AuditLog>();
        await application.StopAsync();
        await application.DisposeAsync();
        await audit.DisposeAsync();
        key.Dispose();
        Directory.Delete(folder, recursive: true);
        Directory.Delete(AuditDirectory, recursive: true);
    }
}
