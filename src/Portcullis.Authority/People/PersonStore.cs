using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.People;

/// <summary>
/// Identity's store, with the keys of authenticator apps and the recovery codes encrypted: whoever reads a copy of the database must not find in it what the second step asks for.
/// </summary>
internal sealed class PersonStore(AuthorityDbContext database, IDataProtectionProvider protection, IdentityErrorDescriber? describer = null)
    : UserOnlyStore<Person, AuthorityDbContext>(database, describer)
{
    public override Task SetTokenAsync(Person user, string loginProvider, string name, string? value, CancellationToken cancellationToken) =>
        base.SetTokenAsync(user, loginProvider, name, value is null ? null : Protector(user).Protect(value), cancellationToken);

    public override async Task<string?> GetTokenAsync(Person user, string loginProvider, string name, CancellationToken cancellationToken)
    {
        var stored = await base.GetTokenAsync(user, loginProvider, name, cancellationToken);
        try
        {
            return stored is null ? null : Protector(user).Unprotect(stored);
        }
        catch (CryptographicException)
        {
            // As if it weren't there: a second step that nobody can pass, until it is set up anew.
            return null;
        }
    }

    // A row can't be passed off as another person's.
    private IDataProtector Protector(Person user) => protection.CreateProtector("Portcullis.SecondStep.v1", user.Id);
}
