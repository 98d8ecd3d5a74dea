using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Portcullis.Access;
using Portcullis.Access.Policies;
using Portcullis.Authority;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Keys;
using Portcullis.Authority.People;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Benchmarks.Authority;

/// <summary>An authority as a server has it, on Kestrel and a database of its own, with the validator that a gateway in the same process has.</summary>
internal sealed class IssuingServer : IAsyncDisposable
{
    public const string ClientId = "ci";
    public const string Person = "alice";
    public const string Password = "correct horse battery";

    private readonly WebApplication _app;
    private readonly string _directory;

    private IssuingServer(WebApplication app, string address, string directory, string secret)
    {
        (_app, Address, _directory, Secret) = (app, address, directory, secret);
        Gateway = new TokenValidator(
            [new TrustedIssuer { Issuer = address, Audiences = [address], KeySource = app.Services.GetRequiredService<KeyRing>(), Permissions = PermissionSource.Token }],
            TimeProvider.System,
            app.Services.GetRequiredService<IRevocationList>());
    }

    public string Address { get; }

    public string Secret { get; }

    public TokenValidator Gateway { get; }

    /// <param name="database">A PostgreSQL connection string with a database that may be made; null: SQLite in a folder that goes.</param>
    public static async Task<IssuingServer> StartAsync(string? database)
    {
        var directory = Directory.CreateTempSubdirectory("portcullis-bench-").FullName;
        using (var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
            listener.Stop();
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls(address);
            builder.Logging.ClearProviders();
            AccessPolicy policy = Policy();
            builder.Services.AddPortcullisAuthority(new AuthorityOptions
            {
                PublicUrl = address, DataDirectory = directory, Database = database, Policy = () => policy, MaxFailuresPerAddress = 1_000_000,
            });
            WebApplication app = builder.Build();
            await app.Services.PreparePortcullisAuthorityAsync();
            app.UsePortcullisAuthority();
            await app.StartAsync();
            var people = app.Services.GetRequiredService<UserAdministration>();
            await people.AddAsync(Person, null, null, [], false, default);
            await people.SetPasswordAsync(Person, Password, default);

            // What was issued up to this second is revoked by the new password.
            await Task.Delay(TimeSpan.FromSeconds(1.1));
            ClientRegistration client = (await app.Services.GetRequiredService<ClientAdministration>().AddAsync(
                new ClientInfo { Id = ClientId, Grants = [ClientGrant.ClientCredentials, ClientGrant.TokenExchange], IsConfidential = true }, default)).Value
                ?? throw new InvalidOperationException("The client was not added.");
            return new IssuingServer(app, address, directory, client.Secret!);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private static AccessPolicy Policy()
    {
        var here = new SourceLocation("policy.yaml", 1);
        PolicyText Text(string value) => new(value, here);
        return AccessPolicy.Compile(
            new PolicyDefinition
            {
                Roles = [new RoleDefinition(Text("developer"), [Text("git:{repository}:pull"), Text("git:{repository}@refs/heads/*,^refs/heads/main:push"), Text("git:{repository}@refs/heads/users/{sub}/*:push,force,delete")])],
                Bindings = [new BindingDefinition(Text("developer"), [Text("acme/*")], [Text("user:alice"), Text("client:ci")], null, here)],
            },
            out _)!;
    }
}
