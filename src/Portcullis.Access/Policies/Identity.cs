namespace Portcullis.Access.Policies;

/// <summary>Who asks, as the validated token says it. What a policy's bindings are matched against.</summary>
/// <param name="Issuer">The token's issuer.</param>
/// <param name="Subject">The token's subject, within that issuer.</param>
/// <param name="ClientId">The client that the token was issued to, where it says so.</param>
/// <param name="Roles">Names of the policy's roles that the token carries.</param>
/// <param name="Groups">Names of groups that the token carries, or that the authority knows.</param>
public sealed record Identity(
    string Issuer, string Subject, string? ClientId, IReadOnlyList<string> Roles, IReadOnlyList<string> Groups)
{
    /// <summary>
    /// Whether the client acts for itself and for no person: its tokens have its own name as subject (RFC 9068 §2.2).
    /// Only then do a binding's <c>client:</c> subjects match, so that a person who signs in through a client does not get what the client has;
    /// and then its <c>user:</c> subjects do not, so that a client cannot take a person's place by its name (RFC 9068 §5).
    /// </summary>
    public bool IsClient => ClientId is not null && string.Equals(ClientId, Subject, StringComparison.Ordinal);
}
