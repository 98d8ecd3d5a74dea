using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Keys;
using Portcullis.Authority.OAuth;
using Portcullis.Authority.People;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority;

/// <summary>Makes the authority ready to work.</summary>
public static class AuthorityStartup
{
    private const int MaxAttempts = 5;

    // SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY (sqlite3.h).
    private const int UniqueViolation = 2067;
    private const int PrimaryKeyViolation = 1555;

    /// <summary>The name of the administrator that a first start makes.</summary>
    public const string FirstAdministrator = "admin";

    /// <summary>The client that <c>git-credential-portcullis</c> and other programs on people's machines may use.</summary>
    public const string HelperClientId = "git-credential-portcullis";

    /// <summary>
    /// Brings the database to its present shape, loads keys and revocations, and on the very first start makes the keys, the built-in clients and an administrator. Once for each process,
    /// before anything else of the authority is used. EF is touched only for the tables of PostgreSQL, and for those of an older version.
    /// </summary>
    /// <param name="services">The services that <see cref="AuthorityServices.AddPortcullisAuthority"/> was among.</param>
    /// <param name="makeAdministrator">Whether an administrator is made where there is nobody: a server does, a command does not.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AuthorityDatabaseException">The database is of a newer version, does not answer, or a key in it can't be read. Nothing was changed.</exception>
    public static async Task<AuthorityStartupReport> PreparePortcullisAuthorityAsync(
        this IServiceProvider services, bool makeAdministrator = true, CancellationToken cancellationToken = default)
    {
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await PrepareAsync(services, makeAdministrator, cancellationToken);
                }
                catch (Exception exception) when (attempt < MaxAttempts && IsMadeMeanwhile(exception))
                {
                    // Another node starts at the same moment and made what was missing. Each step makes only what is.
                }
            }
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or IOException or UnauthorizedAccessException)
        {
            throw new AuthorityDatabaseException($"The database can't be used: {exception.Message}", exception);
        }
    }

    private static bool IsMadeMeanwhile(Exception exception) =>
        exception is SqliteException { SqliteExtendedErrorCode: UniqueViolation or PrimaryKeyViolation }
        || (exception as PostgresException ?? exception.InnerException as PostgresException)?.SqlState
            is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.DuplicateTable;

    private static async Task<AuthorityStartupReport> PrepareAsync(IServiceProvider services, bool makeAdministrator, CancellationToken cancellationToken)
    {
        var options = services.GetRequiredService<AuthorityOptions>();
        var plain = services.GetRequiredService<PlainDatabase>();
        DatabaseProvider.MakeFile(options.EffectiveDatabase);
        var version = await ReadVersionAsync(plain, cancellationToken);
        if (version == 0 && !DatabaseProvider.IsPostgreSql(options.EffectiveDatabase))
        {
            await SqliteTables.MakeAsync(plain, services.GetRequiredService<TimeProvider>(), cancellationToken);
        }
        else if (version != DatabaseSchema.CurrentVersion)
        {
            await using AsyncServiceScope scope = services.CreateAsyncScope();
            await DatabaseSchema.PrepareAsync(scope.ServiceProvider.GetRequiredService<AuthorityDbContext>(), services.GetRequiredService<TimeProvider>(), cancellationToken);
        }

        var ring = services.GetRequiredService<KeyRing>();
        await ring.LoadAsync(cancellationToken);
        await services.GetRequiredService<Revocations.Revocations>().PollAsync(cancellationToken);
        List<string> clients = await AddClientsAsync(plain, options, cancellationToken);
        var report = new AuthorityStartupReport(IsFirstStart: version == 0, ring.ImportedFile, null, null);

        // RFC 9068 §5: a client and a person don't share a name.
        if (!makeAdministrator || !options.LocalAccounts || clients.Contains(FirstAdministrator) || await plain.HasPeopleAsync(cancellationToken))
        {
            return report;
        }

        DateTimeOffset now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var administrator = new Person { UserName = FirstAdministrator, IsAdministrator = true, CreatedAt = now };
        administrator.Groups.Add(new PersonGroup { PersonId = administrator.Id, Name = "administrators" });
        var (enrolment, link) = EnrolmentLinks.New(administrator.Id, options, now);
        await plain.InsertAsync(FirstRows.Of(administrator, enrolment), cancellationToken);
        return report with { Administrator = FirstAdministrator, EnrolmentLink = link };
    }

    // A PostgreSQL database that is not there yet is made by what makes its tables.
    private static async Task<int> ReadVersionAsync(PlainDatabase plain, CancellationToken cancellationToken)
    {
        try
        {
            var version = await plain.ReadVersionAsync(cancellationToken);
            DatabaseSchema.RefuseNewer(version);
            return version;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            return 0;
        }
    }

    private static async Task<List<string>> AddClientsAsync(PlainDatabase plain, AuthorityOptions options, CancellationToken cancellationToken)
    {
        List<string> known = await plain.ReadClientIdsAsync(cancellationToken);
        ClientInfo[] missing = [.. BuiltInClients(options).Where(client => !known.Contains(client.Id))];
        if (missing.Length > 0)
        {
            await plain.InsertAsync([.. missing.Select(client => FirstRows.Of(ClientDescriptor.Of(client, null)))], cancellationToken);
        }

        return known;
    }

    internal static IEnumerable<ClientInfo> BuiltInClients(AuthorityOptions options)
    {
        if (options.GiteaCompatible)
        {
            // The ids that the two helpers have built in for Gitea servers.
            foreach (var (id, name) in new[] { ("e90ee53c-94e2-48ac-9358-a874fb9e0662", "Git Credential Manager"), ("a4792ccc-144e-407e-86c9-5e7d8d9c3269", "git-credential-oauth") })
            {
                yield return new ClientInfo { Id = id, DisplayName = name, Grants = [ClientGrant.AuthorizationCode], RedirectUris = ["http://127.0.0.1", "http://127.0.0.1/"] };
            }
        }

        yield return new ClientInfo
        {
            Id = HelperClientId,
            DisplayName = "Git on your computer",
            Grants = [ClientGrant.AuthorizationCode, ClientGrant.DeviceCode, ClientGrant.TokenExchange],
            RedirectUris = ["http://127.0.0.1", "http://127.0.0.1/", "http://localhost", "http://localhost/", "http://[::1]/"],
        };
        yield return new ClientInfo { Id = NameExchangeClient.ClientId, DisplayName = "Token exchange", Grants = [ClientGrant.TokenExchange] };
    }
}
