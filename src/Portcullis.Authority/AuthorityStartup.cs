using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenIddict.Abstractions;
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

    /// <summary>The name of the administrator that a first start makes.</summary>
    public const string FirstAdministrator = "admin";

    /// <summary>The client that <c>git-credential-portcullis</c> and other programs on people's machines may use.</summary>
    public const string HelperClientId = "git-credential-portcullis";

    /// <summary>
    /// Brings the database to its present shape, loads keys and revocations, and on the very first start makes the keys, the built-in clients and an administrator. Once for each process,
    /// before anything else of the authority is used. Where everything is there already, EF is not touched.
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

    // OpenIddict looks for a client of the same name before it stores one; the database refuses one that came between.
    private static bool IsMadeMeanwhile(Exception exception) => exception is OpenIddictExceptions.ValidationException
        || (exception as PostgresException ?? exception.InnerException as PostgresException)?.SqlState
            is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.DuplicateTable;

    private static async Task<AuthorityStartupReport> PrepareAsync(IServiceProvider services, bool makeAdministrator, CancellationToken cancellationToken)
    {
        var options = services.GetRequiredService<AuthorityOptions>();
        var plain = services.GetRequiredService<PlainDatabase>();
        DatabaseProvider.MakeFile(options.EffectiveDatabase);
        var version = await ReadVersionAsync(plain, cancellationToken);
        if (version != DatabaseSchema.CurrentVersion)
        {
            await using AsyncServiceScope scope = services.CreateAsyncScope();
            await DatabaseSchema.PrepareAsync(scope.ServiceProvider.GetRequiredService<AuthorityDbContext>(), services.GetRequiredService<TimeProvider>(), cancellationToken);
        }

        var ring = services.GetRequiredService<KeyRing>();
        await ring.LoadAsync(cancellationToken);
        await services.GetRequiredService<Revocations.Revocations>().PollAsync(cancellationToken);
        await AddClientsAsync(services, plain, options, cancellationToken);
        var isFirstStart = version == 0;
        if (!makeAdministrator || !options.LocalAccounts || await plain.HasPeopleAsync(cancellationToken))
        {
            return new AuthorityStartupReport(isFirstStart, ring.ImportedFile, null, null);
        }

        var people = services.GetRequiredService<UserAdministration>();
        AdministrationResult<PersonInfo> administrator = await people.AddAsync(FirstAdministrator, null, null, ["administrators"], administrator: true, cancellationToken);
        if (!administrator.Succeeded)
        {
            // Another node was first: its link is the one, and a second would undo it.
            return new AuthorityStartupReport(isFirstStart, ring.ImportedFile, null, null);
        }

        AdministrationResult<string> link = await people.CreateEnrolmentLinkAsync(FirstAdministrator, cancellationToken);
        return new AuthorityStartupReport(isFirstStart, ring.ImportedFile, administrator.Value?.Name, link.Value);
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

    private static async Task AddClientsAsync(IServiceProvider services, PlainDatabase plain, AuthorityOptions options, CancellationToken cancellationToken)
    {
        var known = await plain.ReadClientIdsAsync(cancellationToken);
        ClientInfo[] missing = [.. BuiltInClients(options).Where(client => !known.Contains(client.Id))];
        if (missing.Length == 0)
        {
            return;
        }

        await using AsyncServiceScope scope = services.CreateAsyncScope();
        var applications = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        foreach (ClientInfo client in missing)
        {
            if (await applications.FindByClientIdAsync(client.Id, cancellationToken) is null)
            {
                await applications.CreateAsync(ClientDescriptor.Of(client, null), cancellationToken);
            }
        }
    }

    private static IEnumerable<ClientInfo> BuiltInClients(AuthorityOptions options)
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
