using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using OpenIddict.EntityFrameworkCore;
using OpenIddict.EntityFrameworkCore.Models;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.Clients;

/// <summary>OpenIddict's store, which finds a client by a compiled query: each token request asks for one.</summary>
internal sealed class ClientStore(
    IMemoryCache cache, IOpenIddictEntityFrameworkCoreContext context, IOptionsMonitor<OpenIddictEntityFrameworkCoreOptions> options, AuthorityDbContext database, CompiledQueries queries)
    : OpenIddictEntityFrameworkCoreApplicationStore(cache, context, options)
{
    public override async ValueTask<OpenIddictEntityFrameworkCoreApplication?> FindByClientIdAsync(string identifier, CancellationToken cancellationToken) =>
        database.ChangeTracker.Entries<OpenIddictEntityFrameworkCoreApplication>().Select(entry => entry.Entity).FirstOrDefault(client => client.ClientId == identifier)
        ?? await queries.FindClientAsync(database, identifier, cancellationToken);
}
