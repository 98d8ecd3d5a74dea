using System.Security.Claims;
using OpenIddict.Abstractions;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.People;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Portcullis.Authority.OAuth;

/// <summary>Makes what OpenIddict carries from one step of a flow to the next: in codes and refresh tokens, which only we read, and in identity tokens.</summary>
internal static class Principals
{
    public static ClaimsPrincipal For(Person person, PermissionRequest request, DateTimeOffset signedInAt)
    {
        ClaimsPrincipal principal = Of(person.UserName!);
        principal.SetClaim(Claims.AuthenticationTime, signedInAt.ToUnixTimeSeconds());
        principal.SetClaim(PortcullisClaims.Requested, request.ToScope());

        // People always get a refresh token: a short-lived access token is of no use to Git without one.
        principal.SetScopes(request.OtherScopes.Append(Scopes.OfflineAccess).Distinct(StringComparer.Ordinal));
        Describe(principal, person);
        return principal;
    }

    public static ClaimsPrincipal Of(string subject)
    {
        var identity = new ClaimsIdentity("portcullis", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, subject);
        return new ClaimsPrincipal(identity);
    }

    /// <summary>What an identity token says of a person: what its scopes ask for, as it is now.</summary>
    public static void Describe(ClaimsPrincipal principal, Person person)
    {
        principal.SetClaim(Claims.PreferredUsername, person.UserName).SetClaim(Claims.Name, person.DisplayName).SetClaim(Claims.Email, person.Email);
        principal.SetDestinations(claim => claim.Type switch
        {
            Claims.PreferredUsername or Claims.Name when principal.HasScope(Scopes.Profile) => [Destinations.IdentityToken],
            Claims.Email when principal.HasScope(Scopes.Email) => [Destinations.IdentityToken],
            Claims.Subject or Claims.AuthenticationTime or PortcullisClaims.SessionId => [Destinations.IdentityToken],
            _ => [],
        });
    }
}
