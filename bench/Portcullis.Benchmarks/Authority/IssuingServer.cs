using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Portcullis.Access.Policies;
using Portcullis.Authority;
using Portcullis.Authority.Clients;
using Portcullis.Authority.People;
using Portcullis.EndToEnd.Harness;
using Portcullis.Tests.Authority;
using Portcullis.Tokens;

namespace Portcullis.Benchmarks.Authority;

/// <summary>An authority as a server has it, on Kestrel and a database of its own, with the validator that a gateway in the same process has.</summary>
internal sealed class IssuingServer : IAsyncDisposable
{
    public const string ClientId = "ci";
    public const string Person = "alice";
    public const string Password = AuthoritySetup.Password;

    private readonly WebApplication _app;
    private readonly string _directory;

    private IssuingServer(WebApplication app, string address, string directory, string secret)
    {
        (_app, Address, _directory, Secret) = (app, address, directory, secret);
        Gateway = AuthoritySetup.GatewayOf(app.Services, address, TimeProvider.System);
    }

    public string Address { get; }

    public string Secret { get; }

    public TokenValidator Gateway { get; }

    /// <param name="database">A PostgreSQL connection string with a database that may be made; null: SQLite in a folder that goes.</param>
    public static async Task<IssuingServer> StartAsync(string? database)
    {
        var directory = Directory.CreateTempSubdirectory("portcullis-bench-").FullName;
        var address = $"http://127.0.0.1:{FreePorts.Take()}";
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(address);
        builder.Logging.ClearProviders();
        AccessPolicy policy = AuthoritySetup.Compile(new PolicyDefinition
        {
            Roles = [AuthoritySetup.Developer], Bindings = [AuthoritySetup.Binding("developer", "acme/*", "user:alice", "client:ci")],
        });
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
        ClientRegistration client = (await app.Services.GetRequiredService<ClientAdministration>().AddAsync(AuthoritySetup.ServiceClient(ClientId), default)).Value
            ?? throw new InvalidOperationException("The client was not added.");
        return new IssuingServer(app, address, directory, client.Secret!);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }
}
