namespace Portcullis.Authority.People;

/// <summary>What administrators see of a person.</summary>
/// <param name="Name">The user name; the <c>sub</c> of this person's tokens.</param>
/// <param name="DisplayName">The name in full, where known.</param>
/// <param name="Email">Where known; never an identity.</param>
/// <param name="IsAdministrator">Whether this person may administer.</param>
/// <param name="Groups">The groups, as the policy names them.</param>
/// <param name="CreatedAt">When the account was made.</param>
/// <param name="DisabledAt">When it was disabled; null while it may be used.</param>
/// <param name="HasPassword">Whether a password is set.</param>
/// <param name="Passkeys">How many passkeys are registered.</param>
/// <param name="TwoFactorEnabled">Whether a one-time code is asked for after the password.</param>
/// <param name="AdministratorBy">The issuer whose word makes this person an administrator, until its next sign-in says otherwise; null where none does.</param>
public sealed record PersonInfo(
    string Name,
    string? DisplayName,
    string? Email,
    bool IsAdministrator,
    IReadOnlyList<string> Groups,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DisabledAt,
    bool HasPassword,
    int Passkeys,
    bool TwoFactorEnabled,
    string? AdministratorBy = null);
