using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using Portcullis.Authority.People;
using Portcullis.Authority.Storage;
using Portcullis.Tokens;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Portcullis.Authority.OAuth;

/// <summary>UserInfo (OpenID Connect Core §5.3): what a token's scopes let its client know of the person.</summary>
internal sealed class UserInfoEndpoint(AuthorityDbContext database)
{
    public async Task HandleAsync(HttpContext http)
    {
        ValidatedToken? token = http.Features.Get<OpenIddictServerAspNetCoreFeature>()?.Transaction?.GetProperty<ValidatedToken>(typeof(ValidatedToken).FullName!);
        var scopes = (token?.Scope ?? "").Split(' ');
        if (token is null || !scopes.Contains(Scopes.OpenId))
        {
            await Refusals.RefuseAsync(http, Errors.InsufficientAccess, "The token was not asked for with the scope openid.");
            return;
        }

        Person? person = await database.Users.AsNoTracking().Include(p => p.Groups).SingleOrDefaultAsync(p => p.UserName == token.Subject, http.RequestAborted);
        if (person is null or { DisabledAt: not null })
        {
            await Refusals.RefuseAsync(http, Errors.InvalidToken, "This account can't be used.");
            return;
        }

        var claims = new Dictionary<string, object?> { [Claims.Subject] = person.UserName };
        if (scopes.Contains(Scopes.Profile))
        {
            claims[Claims.PreferredUsername] = person.UserName;
            claims["groups"] = person.Groups.Select(group => group.Name).Order(StringComparer.Ordinal);
            if (person.DisplayName is not null)
            {
                claims[Claims.Name] = person.DisplayName;
            }
        }

        if (scopes.Contains(Scopes.Email) && person.Email is not null)
        {
            claims[Claims.Email] = person.Email;
            claims[Claims.EmailVerified] = person.EmailConfirmed;
        }

        http.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(http.Response.Body, claims, cancellationToken: http.RequestAborted);
    }
}
