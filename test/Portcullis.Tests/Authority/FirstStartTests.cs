using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenIddict.Abstractions;
using Portcullis.Authority;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Storage;

namespace Portcullis.Tests.Authority;

/// <summary>A first start makes tables and rows without EF, Identity and OpenIddict: they are what these would have made.</summary>
public sealed class FirstStartTests
{
    // What is another for each row. Everything else has to be the same.
    private static readonly string[] s_ownColumns =
        ["Id", "ClientId", "ConcurrencyToken", "UserName", "NormalizedUserName", "SecurityStamp", "ConcurrencyStamp", "CreatedAt", "PersonId", "TokenHash", "ExpiresAt", "KeyId", "ProtectedKey", "SignsFrom"];

    [Fact]
    public async Task Tables_are_those_of_the_model()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddPortcullisAuthority(new AuthorityOptions { PublicUrl = AuthorityHost.PublicUrl, DataDirectory = "unused", Policy = () => AuthorityHost.Policy });
        await using ServiceProvider provider = services.BuildServiceProvider();
        await using AsyncServiceScope scope = provider.CreateAsyncScope();
        var creator = (RelationalDatabaseCreator)scope.ServiceProvider.GetRequiredService<AuthorityDbContext>().GetService<IDatabaseCreator>();
        var ofModel = creator.GenerateCreateScript();
        if (Environment.GetEnvironmentVariable("PORTCULLIS_UPDATE_REFERENCE") == "1")
        {
            await File.WriteAllTextAsync(SourceOfScript(), ofModel, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(SourceOfScript(), TestContext.Current.CancellationToken), ofModel);
        Assert.Equal(ofModel, SqliteTables.Script);
    }

    [Fact]
    public async Task Client_has_the_row_that_OpenIddict_writes()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: options => options with { GiteaCompatible = true });
        await using AsyncServiceScope scope = host.Services.CreateAsyncScope();
        var applications = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        ClientInfo[] clients = [.. AuthorityStartup.BuiltInClients(host.Services.GetRequiredService<AuthorityOptions>())];
        Assert.Equal(4, clients.Length);
        foreach (ClientInfo client in clients)
        {
            await applications.CreateAsync(ClientDescriptor.Of(client with { Id = client.Id + "-2" }, null), TestContext.Current.CancellationToken);
            AssertAlike(host, "OpenIddictApplications", $"\"ClientId\" = '{client.Id}'", $"\"ClientId\" = '{client.Id}-2'");
        }
    }

    [Fact]
    public async Task Administrator_has_the_rows_that_Identity_writes()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        Assert.Equal(AuthorityStartup.FirstAdministrator, host.Report.Administrator);
        Assert.True((await host.Users.AddAsync("root", null, null, ["administrators"], administrator: true, TestContext.Current.CancellationToken)).Succeeded);
        Assert.True((await host.Users.CreateEnrolmentLinkAsync("root", TestContext.Current.CancellationToken)).Succeeded);
        AssertAlike(host, "AspNetUsers", "\"UserName\" = 'admin'", "\"UserName\" = 'root'");
        AssertAlike(host, "AspNetUsers", "\"NormalizedUserName\" = 'ADMIN'", "\"NormalizedUserName\" = 'ROOT'");
        const string person = "\"PersonId\" = (SELECT \"Id\" FROM \"AspNetUsers\" WHERE \"UserName\" = ";
        AssertAlike(host, "PersonGroups", person + "'admin')", person + "'root')");
        AssertAlike(host, "Enrolments", person + "'admin')", person + "'root')");
    }

    [Fact]
    public async Task Key_has_the_row_that_EF_writes()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var first = host.Keys.GetSigningKey().KeyId;
        await host.Keys.RotateAsync("ES256", immediately: true, TestContext.Current.CancellationToken);

        // That it was replaced is written by EF: the new one is like the old one was.
        AssertAlike(host, "SigningKeys", $"\"KeyId\" = '{first}'", $"\"KeyId\" = '{host.Keys.GetSigningKey().KeyId}'", "VerifiesUntil");
    }

    [Fact]
    public async Task First_start_uses_no_EF()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(services: services => services.Replace(
            ServiceDescriptor.Scoped<AuthorityDbContext>(_ => throw new InvalidOperationException("The first start asked for EF."))));
        Assert.True(host.Report.IsFirstStart);
        Assert.NotNull(host.Report.EnrolmentLink);
        Assert.NotEmpty(host.Keys.GetSigningKey().KeyId!);
    }

    [Fact]
    public async Task Starts_at_once_make_one_ring_and_one_administrator()
    {
        var directory = Directory.CreateTempSubdirectory("portcullis-authority-").FullName;
        AuthorityHost[] hosts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => AuthorityHost.StartAsync(directory))));
        Assert.Single(hosts, host => host.Report.EnrolmentLink is not null);
        Assert.Single(await hosts[0].Users.ListAsync(TestContext.Current.CancellationToken));
        Assert.Single(hosts.Select(host => host.Keys.GetSigningKey().KeyId).Distinct());
        Assert.Single(hosts.Select(host => Convert.ToHexString(host.Keys.InternalSecret)).Distinct());
        foreach (AuthorityHost host in hosts)
        {
            await host.DisposeAsync();
        }

        Directory.Delete(directory, recursive: true);
    }

    private static void AssertAlike(AuthorityHost host, string table, string one, string other, params string[] exceptFor)
    {
        Dictionary<string, object> first = Row(host, table, one);
        Dictionary<string, object> second = Row(host, table, other);
        foreach (var column in first.Keys.Except(exceptFor))
        {
            Assert.Equal((column, second[column].GetType()), (column, first[column].GetType()));
            if (!s_ownColumns.Contains(column))
            {
                Assert.Equal((column, second[column]), (column, first[column]));
            }
        }
    }

    private static Dictionary<string, object> Row(AuthorityHost host, string table, string where)
    {
        using var connection = new SqliteConnection(host.Services.GetRequiredService<AuthorityOptions>().EffectiveDatabase);
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM \"{table}\" WHERE {where}";
        using SqliteDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        var row = Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, reader.GetValue);
        Assert.False(reader.Read());
        return row;
    }

    private static string SourceOfScript()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Portcullis.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("the tests run outside of the source tree");
        }

        return Path.Combine(folder.FullName, "src", "Portcullis.Authority", "Storage", "SqliteTables.sql");
    }
}
