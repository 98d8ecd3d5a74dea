using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using OpenIddict.EntityFrameworkCore;
using OpenIddict.EntityFrameworkCore.Models;
using Portcullis.Authority.Storage;
using static OpenIddict.Abstractions.OpenIddictExceptions;

namespace Portcullis.Authority.OAuth;

/// <summary>
/// OpenIddict's store, which within a <see cref="GrantTransaction"/> goes less often to the database: it writes a new token down, writes all of it again once the token itself is made, and writes every
/// column of a token of which one changed. A new token waits for the transaction's end, to be written once with what else is; that the old one is used up is written at once, since whoever is
/// second must learn of it.
/// </summary>
internal sealed class GrantTokenStore(
    IMemoryCache cache, IOpenIddictEntityFrameworkCoreContext context, IOptionsMonitor<OpenIddictEntityFrameworkCoreOptions> options,
    AuthorityDbContext database, CompiledQueries queries, GrantTransaction transaction)
    : OpenIddictEntityFrameworkCoreTokenStore(cache, context, options)
{
    public override async ValueTask CreateAsync(OpenIddictEntityFrameworkCoreToken token, CancellationToken cancellationToken)
    {
        if (transaction.IsRunning)
        {
            database.Add(token);
            return;
        }

        await base.CreateAsync(token, cancellationToken);
    }

    public override async ValueTask<OpenIddictEntityFrameworkCoreToken?> FindByReferenceIdAsync(string identifier, CancellationToken cancellationToken) =>
        database.ChangeTracker.Entries<OpenIddictEntityFrameworkCoreToken>().Select(entry => entry.Entity).FirstOrDefault(token => token.ReferenceId == identifier)
        ?? await queries.FindTokenAsync(database, identifier, cancellationToken);

    public override async ValueTask UpdateAsync(OpenIddictEntityFrameworkCoreToken token, CancellationToken cancellationToken)
    {
        EntityState state = transaction.IsRunning ? database.Entry(token).State : EntityState.Detached;
        if (state == EntityState.Detached)
        {
            await base.UpdateAsync(token, cancellationToken);
            return;
        }

        token.ConcurrencyToken = Guid.NewGuid().ToString();
        if (state == EntityState.Added)
        {
            return;
        }

        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException exception)
        {
            // As the base does: the manager has to hear of it, and the next save must not stumble over it again.
            database.Entry(token).State = EntityState.Unchanged;
            throw new ConcurrencyException("The token was changed by another request.", exception);
        }
    }
}
