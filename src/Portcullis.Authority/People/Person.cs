using Microsoft.AspNetCore.Identity;

namespace Portcullis.Authority.People;

/// <summary>Someone who signs in. <see cref="IdentityUser{TKey}.UserName"/> is the subject of their tokens, and never changes.</summary>
internal sealed class Person : IdentityUser
{
    public string? DisplayName { get; set; }

    public bool IsAdministrator { get; set; }

    /// <summary>Set when an administrator took this person's access away; null while they may sign in.</summary>
    public DateTimeOffset? DisabledAt { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public List<PersonGroup> Groups { get; set; } = [];
}
