using Microsoft.EntityFrameworkCore;
using Portcullis.Authority.People;
using Portcullis.Authority.Sessions;

namespace Portcullis.Authority.Storage;

/// <summary>The questions of each refresh, compiled once: otherwise EF looks for the compiled form of each by comparing it whole. One object for each database, whose kind is compiled in.</summary>
internal sealed class CompiledQueries
{
    private readonly Func<AuthorityDbContext, string, CancellationToken, Task<Person?>> person = EF.CompileAsyncQuery(
        (AuthorityDbContext database, string name, CancellationToken _) => database.Users.AsNoTracking().Include(p => p.Groups).SingleOrDefault(p => p.UserName == name));

    private readonly Func<AuthorityDbContext, string, CancellationToken, Task<Session?>> session = EF.CompileAsyncQuery(
        (AuthorityDbContext database, string id, CancellationToken _) => database.Sessions.SingleOrDefault(s => s.Id == id));

    /// <summary>A person with their groups, to be looked at only.</summary>
    public Task<Person?> FindPersonAsync(AuthorityDbContext database, string name, CancellationToken cancellationToken) => person(database, name, cancellationToken);

    /// <summary>A session, alive or not.</summary>
    public Task<Session?> FindSessionAsync(AuthorityDbContext database, string id, CancellationToken cancellationToken) => session(database, id, cancellationToken);
}
