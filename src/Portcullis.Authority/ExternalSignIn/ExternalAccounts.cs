using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;
using OpenIddict.Abstractions;
using Portcullis.Authority.People;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.ExternalSignIn;

/// <summary>From a provider's word to an account here. Issuer and <c>sub</c> together are the person; names and addresses change hands (OpenID Connect Core §5.7).</summary>
internal sealed class ExternalAccounts(
    AuthorityDbContext database, UserManager<Person> people, IOpenIddictApplicationManager applications, AuthorityAudit audit, TimeProvider clock)
{
    public async Task<Person?> FindOrCreateAsync(ExternalProvider provider, JsonWebToken token, CancellationToken cancellationToken)
    {
        Person? person = await people.FindByLoginAsync(provider.Issuer, token.Subject);
        if (person is null)
        {
            person = provider.CreateAccounts ? await CreateAsync(provider, token, cancellationToken) : null;
        }

        if (person is not null)
        {
            var said = Groups(provider, token);
            await TakeGroupsAsync(provider, said, person, cancellationToken);
            await TakeAdministrationAsync(provider, said, person, cancellationToken);
        }

        return person;
    }

    private async Task<Person?> CreateAsync(ExternalProvider provider, JsonWebToken token, CancellationToken cancellationToken)
    {
        // An account of that name that is here already is somebody else's until an administrator says otherwise: no one takes it over by a claim.
        if (!token.TryGetPayloadValue(provider.NameClaim, out string? name) || name is null || !PersonName.IsValid(name) || await people.FindByNameAsync(name) is not null
            || await applications.FindByClientIdAsync(name, cancellationToken) is not null)
        {
            return null;
        }

        var person = new Person { UserName = name, CreatedAt = clock.GetUtcNow(), LockoutEnabled = true };
        person.DisplayName = token.TryGetPayloadValue("name", out string? full) ? full : null;
        if (token.TryGetPayloadValue("email", out string? email))
        {
            person.Email = email;
            person.EmailConfirmed = token.TryGetPayloadValue("email_verified", out bool verified) && verified;
        }

        return (await people.CreateAsync(person)).Succeeded
            && (await people.AddLoginAsync(person, new UserLoginInfo(provider.Issuer, token.Subject, provider.Name))).Succeeded
            ? person
            : null;
    }

    // What the provider says now, no more and no less; what an administrator gave stays.
    private async Task TakeGroupsAsync(ExternalProvider provider, string[] said, Person person, CancellationToken cancellationToken)
    {
        var wanted = said.Select(value => provider.Groups.GetValueOrDefault(value)).OfType<string>().Where(PersonName.IsValid).ToHashSet(StringComparer.Ordinal);
        List<PersonGroup> present = await database.Groups.Where(group => group.PersonId == person.Id).ToListAsync(cancellationToken);
        database.Groups.RemoveRange(present.Where(group => group.Provider == provider.Name && !wanted.Contains(group.Name)));
        database.Groups.AddRange(wanted.Where(name => present.All(group => group.Name != name)).Select(name => new PersonGroup { PersonId = person.Id, Name = name, Provider = provider.Name }));
        await database.SaveChangesAsync(cancellationToken);
    }

    // By the provider's own values: no group and no name that somebody has here could pass for one of them. Recorded before it is so.
    private async Task TakeAdministrationAsync(ExternalProvider provider, string[] said, Person person, CancellationToken cancellationToken)
    {
        var isAdministrator = said.Any(value => provider.Administrators.Contains(value, StringComparer.Ordinal));
        if (isAdministrator != (person.AdministratorBy == provider.Issuer))
        {
            await audit.AdministratorAsync(person.UserName!, provider.Issuer, isAdministrator);
            person.AdministratorBy = isAdministrator ? provider.Issuer : null;
            await database.SaveChangesAsync(cancellationToken);
        }
    }

    private static string[] Groups(ExternalProvider provider, JsonWebToken token) =>
        token.TryGetPayloadValue(provider.GroupsClaim, out string[]? list) && list is not null ? [.. list.OfType<string>()]
        : token.TryGetPayloadValue(provider.GroupsClaim, out string? one) && one is not null ? [one]
        : [];
}
