using Microsoft.AspNetCore.Identity;

namespace Portcullis.Authority.People;

/// <summary>Someone who signs in. <see cref="IdentityUser{TKey}.UserName"/> is the subject of their tokens, and never changes.</summary>
internal sealed class Person : IdentityUser
{
    public string? DisplayName { get; set; }

    /// <summary>Whether an administrator made this person one. A provider's word changes nothing here; ask <see cref="MayAdminister"/>.</summary>
    public bool IsAdministrator { get; set; }

    /// <summary>The issuer whose last sign-in of this person said that they administer; null where none did.</summary>
    public string? AdministratorBy { get; set; }

    /// <summary>Set when an administrator took this person's access away; null while they may sign in.</summary>
    public DateTimeOffset? DisabledAt { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public List<PersonGroup> Groups { get; set; } = [];

    /// <summary>Whether this person administers: asked for each token and each request, so that a provider that may not say so any more says so no longer.</summary>
    public bool MayAdminister(AuthorityOptions options) =>
        IsAdministrator || (AdministratorBy is not null && options.ExternalProviders.Any(provider => provider.Issuer == AdministratorBy && provider.Administrators.Count > 0));
}
