using Microsoft.EntityFrameworkCore;
using OpenIddict.EntityFrameworkCore.Models;
using Portcullis.Authority.People;
using Portcullis.Authority.Sessions;

namespace Portcullis.Authority.Storage;

/// <summary>The questions of each token request, compiled once: otherwise EF looks for the compiled form of each by comparing it whole. One object for each database, whose kind is compiled in.</summary>
internal sealed class CompiledQueries
{
    private readonly Func<AuthorityDbContext, string, CancellationToken, Task<Person?>> person = EF.CompileAsyncQuery(
        (AuthorityDbContext database, string name, CancellationToken _) => database.Users.AsNoTracking().Include(p => p.Groups).SingleOrDefault(p => p.UserName == name));

    private readonly Func<AuthorityDbContext, string, CancellationToken, Task<Session?>> session = EF.CompileAsyncQuery(
        (AuthorityDbContext database, string id, CancellationToken _) => database.Sessions.SingleOrDefault(s => s.Id == id));

    private readonly Func<AuthorityDbContext, string, CancellationToken, Task<OpenIddictEntityFrameworkCoreToken?>> token = EF.CompileAsyncQuery(
        (AuthorityDbContext database, string reference, CancellationToken _) => database.Set<OpenIddictEntityFrameworkCoreToken>()
            .Include(t => t.Application).Include(t => t.Authorization).AsTracking().FirstOrDefault(t => t.ReferenceId == reference));

    private readonly Func<AuthorityDbContext, string, CancellationToken, Task<OpenIddictEntityFrameworkCoreApplication?>> client = EF.CompileAsyncQuery(
        (AuthorityDbContext database, string id, CancellationToken _) => database.Set<OpenIddictEntityFrameworkCoreApplication>().AsTracking().FirstOrDefault(a => a.ClientId == id));

    /// <summary>A person with their groups, to be looked at only.</summary>
    public Task<Person?> FindPersonAsync(AuthorityDbContext database, string name, CancellationToken cancellationToken) => person(database, name, cancellationToken);

    /// <summary>A session, alive or not.</summary>
    public Task<Session?> FindSessionAsync(AuthorityDbContext database, string id, CancellationToken cancellationToken) => session(database, id, cancellationToken);

    /// <summary>A token with its client and login, by what its holder shows of it; of one that was read before, the state that it has here.</summary>
    public Task<OpenIddictEntityFrameworkCoreToken?> FindTokenAsync(AuthorityDbContext database, string reference, CancellationToken cancellationToken) => token(database, reference, cancellationToken);

    /// <summary>A client; of one that was read before, the state that it has here.</summary>
    public Task<OpenIddictEntityFrameworkCoreApplication?> FindClientAsync(AuthorityDbContext database, string id, CancellationToken cancellationToken) => client(database, id, cancellationToken);
}
