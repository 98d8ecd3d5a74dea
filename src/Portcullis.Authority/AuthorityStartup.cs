using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
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
    /// <summary>The name of the administrator that a first start makes.</summary>
    public const string FirstAdministrator = "admin";

    /// <summary>The client that <c>git-credential-portcullis</c> and other programs on people's machines may use.</summary>
    public const string HelperClientId = "git-credential-portcullis";

    /// <summary>
    /// Brings the database to its present shape, loads keys and revocations, and on the very first start makes the keys, the built-in clients and an administrator. Once for each process,
    /// before anything else of the authority is used.
    /// </summary>
    /// <exception cref="AuthorityDatabaseException">The database is of a newer version, or a key in it can't be read. Nothing was changed.</exception>
    public static async Task<AuthorityStartupReport> PreparePortcullisAuthorityAsync(this IServiceProvider services, CancellationToken cancellationToken = default)
    {
        await using AsyncServiceScope scope = services.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<AuthorityDbContext>();
        await DatabaseSchema.PrepareAsync(database, services.GetRequiredService<TimeProvider>(), cancellationToken);
        await services.GetRequiredService<KeyRing>().LoadAsync(cancellationToken);
        await services.GetRequiredService<Revocations.Revocations>().PollAsync(cancellationToken);
        var applications = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        foreach (ClientInfo client in BuiltInClients(services.GetRequiredService<AuthorityOptions>()))
        {
            if (await applications.FindByClientIdAsync(client.Id, cancellationToken) is null)
            {
                await applications.CreateAsync(ClientDescriptor.Of(client, null), cancellationToken);
            }
        }

        if (await database.Users.AnyAsync(cancellationToken))
        {
            return new AuthorityStartupReport(null, null);
        }

        var people = services.GetRequiredService<UserAdministration>();
        AdministrationResult<PersonInfo> administrator = await people.AddAsync(FirstAdministrator, null, null, ["administrators"], administrator: true, cancellationToken);
        AdministrationResult<string> link = await people.CreateEnrolmentLinkAsync(FirstAdministrator, cancellationToken);
        return new AuthorityStartupReport(administrator.Value?.Name, link.Value);
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
