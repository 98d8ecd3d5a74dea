using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Portcullis.Authority.Sessions;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.People;

/// <summary>Adds, changes, disables and removes people. What commands, the API and pages call; each call is one unit of work.</summary>
public sealed class UserAdministration
{
    private const string NoLocalAccounts = "authority.localAccounts is false: people come here with their first sign-in at a provider.";
    private readonly IServiceScopeFactory _scopes;
    private readonly Revocations.Revocations _revocations;
    private readonly EnrolmentLinks _enrolments;
    private readonly AuthorityOptions _options;
    private readonly TimeProvider _clock;

    internal UserAdministration(IServiceScopeFactory scopes, Revocations.Revocations revocations, EnrolmentLinks enrolments, AuthorityOptions options, TimeProvider clock)
    {
        _scopes = scopes;
        _revocations = revocations;
        _enrolments = enrolments;
        _options = options;
        _clock = clock;
    }

    /// <summary>Adds a person, who can't sign in before a password is set or an enrolment link was used.</summary>
    /// <param name="name">The user name; the subject of all their tokens.</param>
    /// <param name="displayName">The name in full, shown on pages.</param>
    /// <param name="email">Where known.</param>
    /// <param name="groups">Groups as the policy names them.</param>
    /// <param name="administrator">Whether this person may administer.</param>
    /// <param name="cancellationToken">Gives up waiting for the database.</param>
    public Task<AdministrationResult<PersonInfo>> AddAsync(
        string name, string? displayName, string? email, IReadOnlyList<string> groups, bool administrator, CancellationToken cancellationToken)
        => AddAsync(name, displayName, email, groups, administrator, null, cancellationToken);

    /// <summary>Adds a person with a first password, or without.</summary>
    /// <param name="name">The user name; the subject of all their tokens.</param>
    /// <param name="displayName">The name in full, shown on pages.</param>
    /// <param name="email">Where known.</param>
    /// <param name="groups">Groups as the policy names them.</param>
    /// <param name="administrator">Whether this person may administer.</param>
    /// <param name="password">Their password; null: none, so that they can't sign in before an enrolment link was used.</param>
    /// <param name="cancellationToken">Gives up waiting for the database.</param>
    public async Task<AdministrationResult<PersonInfo>> AddAsync(
        string name, string? displayName, string? email, IReadOnlyList<string> groups, bool administrator, string? password, CancellationToken cancellationToken)
    {
        if (!_options.LocalAccounts)
        {
            return AdministrationResult<PersonInfo>.Failed(NoLocalAccounts);
        }

        if (!PersonName.IsValid(name))
        {
            return AdministrationResult<PersonInfo>.Failed($"'{name}' is no user name: {PersonName.Rule}.");
        }

        if (groups.FirstOrDefault(group => !PersonName.IsValid(group)) is { } bad)
        {
            return AdministrationResult<PersonInfo>.Failed($"'{bad}' is no group name: {PersonName.Rule}.");
        }

        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();

        // RFC 9068 §5: a client must not be able to pass for a person by its name, nor the other way round.
        if (await scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>().FindByClientIdAsync(name, cancellationToken) is not null)
        {
            return AdministrationResult<PersonInfo>.Failed($"'{name}' is the name of a client. People and clients share one set of names.");
        }

        var manager = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
        var person = new Person
        {
            UserName = name,
            DisplayName = displayName,
            Email = email,
            IsAdministrator = administrator,
            CreatedAt = _clock.GetUtcNow(),
            LockoutEnabled = true,
        };
        person.Groups.AddRange(groups.Distinct(StringComparer.Ordinal).Select(group => new PersonGroup { PersonId = person.Id, Name = group }));
        IdentityResult result = password is null ? await manager.CreateAsync(person) : await manager.CreateAsync(person, password);
        return result.Succeeded
            ? AdministrationResult<PersonInfo>.Done(Describe(person, 0))
            : AdministrationResult<PersonInfo>.Failed(string.Join(" ", result.Errors.Select(error => error.Description)));
    }

    /// <summary>Everyone, by name.</summary>
    public async Task<IReadOnlyList<PersonInfo>> ListAsync(CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<AuthorityDbContext>();
        var rows = await database.Users.AsNoTracking().Include(p => p.Groups).OrderBy(p => p.UserName)
            .Select(p => new { Person = p, Passkeys = database.UserPasskeys.Count(k => k.UserId == p.Id) }).ToListAsync(cancellationToken);
        return [.. rows.Select(row => Describe(row.Person, row.Passkeys))];
    }

    /// <summary>One person; null when there is none of that name.</summary>
    public async Task<PersonInfo?> FindAsync(string name, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<AuthorityDbContext>();
        return await FindAsync(scope, name, cancellationToken) is { } person
            ? Describe(person, await database.UserPasskeys.CountAsync(k => k.UserId == person.Id, cancellationToken))
            : null;
    }

    /// <summary>Sets the password, and ends every session of the person. A person who never could sign in has none to end.</summary>
    public Task<AdministrationResult<PersonInfo>> SetPasswordAsync(string name, string password, CancellationToken cancellationToken) =>
        ChangeAsync(name, cancellationToken, async (scope, person) =>
        {
            var manager = scope.GetRequiredService<UserManager<Person>>();
            foreach (IPasswordValidator<Person> validator in manager.PasswordValidators)
            {
                IdentityResult valid = await validator.ValidateAsync(manager, person, password);
                if (!valid.Succeeded)
                {
                    return string.Join(" ", valid.Errors.Select(error => error.Description));
                }
            }

            var isFirst = person.PasswordHash is null && !await scope.GetRequiredService<AuthorityDbContext>().Sessions.AnyAsync(s => s.Subject == person.UserName, cancellationToken);
            person.PasswordHash = manager.PasswordHasher.HashPassword(person, password);
            IdentityResult result = await manager.UpdateSecurityStampAsync(person);
            if (result.Succeeded && !isFirst)
            {
                await _revocations.RevokeSubjectAsync(person.UserName!, cancellationToken);
            }

            return result.Succeeded ? null : string.Join(" ", result.Errors.Select(error => error.Description));
        });

    /// <summary>Replaces the groups that an administrator gave; those that come from a sign-in elsewhere stay.</summary>
    public Task<AdministrationResult<PersonInfo>> SetGroupsAsync(string name, IReadOnlyList<string> groups, CancellationToken cancellationToken) =>
        ChangeAsync(name, cancellationToken, async (scope, person) =>
        {
            if (groups.FirstOrDefault(group => !PersonName.IsValid(group)) is { } bad)
            {
                return $"'{bad}' is no group name: {PersonName.Rule}.";
            }

            person.Groups.RemoveAll(g => g.Provider is null);
            person.Groups.AddRange(groups.Distinct(StringComparer.Ordinal).Where(group => person.Groups.All(g => g.Name != group))
                .Select(group => new PersonGroup { PersonId = person.Id, Name = group }));
            await scope.GetRequiredService<AuthorityDbContext>().SaveChangesAsync(cancellationToken);
            return null;
        });

    /// <summary>Takes a person's access away: no sign-in, no refresh, and every token of theirs is refused at once, child tokens too.</summary>
    public Task<AdministrationResult<PersonInfo>> DisableAsync(string name, CancellationToken cancellationToken) =>
        ChangeAsync(name, cancellationToken, async (scope, person) =>
        {
            person.DisabledAt ??= _clock.GetUtcNow();
            IdentityResult result = await scope.GetRequiredService<UserManager<Person>>().UpdateSecurityStampAsync(person);

            // After the row: whoever asked for a token in between got it before the revocation's time.
            await _revocations.RevokeSubjectAsync(person.UserName!, cancellationToken);
            return result.Succeeded ? null : string.Join(" ", result.Errors.Select(error => error.Description));
        });

    /// <summary>Lets a disabled person in again. Tokens from before stay revoked.</summary>
    public Task<AdministrationResult<PersonInfo>> EnableAsync(string name, CancellationToken cancellationToken) =>
        ChangeAsync(name, cancellationToken, async (scope, person) =>
        {
            person.DisabledAt = null;
            await scope.GetRequiredService<AuthorityDbContext>().SaveChangesAsync(cancellationToken);
            return null;
        });

    /// <summary>Removes a person with their passkeys, sessions and refresh tokens, and refuses every token of theirs at once.</summary>
    public Task<AdministrationResult<PersonInfo>> RemoveAsync(string name, CancellationToken cancellationToken) =>
        ChangeAsync(name, cancellationToken, async (scope, person) =>
        {
            IdentityResult result = await scope.GetRequiredService<UserManager<Person>>().DeleteAsync(person);
            await _revocations.RevokeSubjectAsync(person.UserName!, cancellationToken);
            return result.Succeeded ? null : string.Join(" ", result.Errors.Select(error => error.Description));
        });

    /// <summary>Makes a link with which the person sets a first password or passkey (or a new one). It works once, for three days; a newer one replaces it.</summary>
    public async Task<AdministrationResult<string>> CreateEnrolmentLinkAsync(string name, CancellationToken cancellationToken)
    {
        if (!_options.LocalAccounts)
        {
            return AdministrationResult<string>.Failed(NoLocalAccounts);
        }

        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        return await FindAsync(scope, name, cancellationToken) is { } person
            ? AdministrationResult<string>.Done(await _enrolments.CreateAsync(person.Id, cancellationToken))
            : AdministrationResult<string>.Failed($"There is no user '{name}'.");
    }

    /// <summary>The sessions of one person that are alive, the newest first.</summary>
    public async Task<IReadOnlyList<SessionInfo>> ListSessionsAsync(string name, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<SessionStore>().ListAsync(name, cancellationToken);
    }

    private async Task<AdministrationResult<PersonInfo>> ChangeAsync(
        string name, CancellationToken cancellationToken, Func<IServiceProvider, Person, Task<string?>> change)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        if (await FindAsync(scope, name, cancellationToken) is not { } person)
        {
            return AdministrationResult<PersonInfo>.Failed($"There is no user '{name}'.");
        }

        var passkeys = await scope.ServiceProvider.GetRequiredService<AuthorityDbContext>().UserPasskeys.CountAsync(k => k.UserId == person.Id, cancellationToken);
        return await change(scope.ServiceProvider, person) is { } problem
            ? AdministrationResult<PersonInfo>.Failed(problem)
            : AdministrationResult<PersonInfo>.Done(Describe(person, passkeys));
    }

    private static Task<Person?> FindAsync(AsyncServiceScope scope, string name, CancellationToken cancellationToken)
    {
        var normalized = scope.ServiceProvider.GetRequiredService<ILookupNormalizer>().NormalizeName(name);
        return scope.ServiceProvider.GetRequiredService<AuthorityDbContext>().Users.Include(p => p.Groups)
            .SingleOrDefaultAsync(p => p.NormalizedUserName == normalized, cancellationToken);
    }

    private PersonInfo Describe(Person person, int passkeys) => new(
        person.UserName!, person.DisplayName, person.Email, person.MayAdminister(_options),
        [.. person.Groups.Select(group => group.Name).Order(StringComparer.Ordinal)],
        person.CreatedAt, person.DisabledAt, person.PasswordHash is not null, passkeys, person.TwoFactorEnabled,
        person.MayAdminister(_options) ? person.AdministratorBy : null);
}
