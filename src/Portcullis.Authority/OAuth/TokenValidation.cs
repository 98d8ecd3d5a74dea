using System.Security.Claims;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using Portcullis.Authority.Keys;
using Portcullis.Tokens;
using Microsoft.EntityFrameworkCore;
using Portcullis.Authority.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Portcullis.Authority.OAuth;

/// <summary>
/// Access tokens, and tokens brought for exchange, are validated by the gateway's own validator: what the gateway refuses, no endpoint here accepts, for the same reason.
/// </summary>
internal sealed class ValidateWithGatewayRules(ExchangeValidator validator) : IOpenIddictServerHandler<ValidateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
        .UseSingletonHandler<ValidateWithGatewayRules>()
        .SetOrder(OpenIddictServerHandlers.Protection.ValidateIdentityModelToken.Descriptor.Order - 500)
        .Build();

    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        var brought = context.Transaction.EndpointType == OpenIddictServerEndpointType.Token
            && context.ValidTokenTypes.Count == 1
            && (context.ValidTokenTypes.Contains(TokenTypeIdentifiers.AccessToken) || context.ValidTokenTypes.Contains(TokenTypeIdentifiers.IdentityToken)
                || context.ValidTokenTypes.Contains(ExchangeTokenTypes.Jwt));
        var ours = context.Transaction.EndpointType is OpenIddictServerEndpointType.UserInfo
            || (context.Transaction.EndpointType is OpenIddictServerEndpointType.Introspection or OpenIddictServerEndpointType.Revocation
                && !context.IsReferenceToken && ExchangeValidator.LooksLikeAccessToken(context.Token));
        if (!brought && !ours)
        {
            return;
        }

        TokenResult result = await (brought ? validator.ValidateAnyAsync(context.Token!, context.CancellationToken) : validator.ValidateOwnAsync(context.Token!, context.CancellationToken));
        if (result.Token is not { } token)
        {
            context.Reject(Errors.InvalidToken, result.Description);
            return;
        }

        var identity = new ClaimsIdentity("portcullis", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, token.Subject);
        var principal = new ClaimsPrincipal(identity);
        principal.SetTokenType(brought ? context.ValidTokenTypes.Single() : TokenTypeIdentifiers.AccessToken);
        principal.SetCreationDate(token.IssuedAt).SetExpirationDate(token.ExpiresAt);
        if (!brought)
        {
            principal.SetAudiences(token.Audiences);
            principal.SetClaim(Claims.ClientId, token.ClientId);
            principal.SetScopes((token.Scope ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries));
            if (token.ClientId is not null)
            {
                principal.SetPresenters(token.ClientId);
            }
        }

        // Whose token it is, and for whom, the endpoint decides that was asked.
        context.DisableAudienceValidation = true;
        context.DisablePresenterValidation = true;
        context.DisableProofOfPossessionValidation = true;
        context.Principal = principal;
        context.Transaction.SetProperty(ExchangeValidator.PropertyFor(context.Token!), token);
        context.Transaction.SetProperty(typeof(ValidatedToken).FullName!, token);
    }
}

/// <summary>An <c>id_token_hint</c> is signed by the ring; everything else that OpenIddict validates itself, by the internal secret.</summary>
internal sealed class TrustRingForHints(KeyRing ring, RingCredentials credentials, AuthorityOptions options) : IOpenIddictServerHandler<ValidateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
        .UseSingletonHandler<TrustRingForHints>()
        .SetOrder(OpenIddictServerHandlers.Protection.ResolveTokenValidationParameters.Descriptor.Order + 500)
        .Build();

    public ValueTask HandleAsync(ValidateTokenContext context)
    {
        if (context.ValidTokenTypes.Count == 1 && context.ValidTokenTypes.Contains(TokenTypeIdentifiers.IdentityToken))
        {
            DateTimeOffset now = context.Options.TimeProvider!.GetUtcNow();
            context.TokenValidationParameters!.IssuerSigningKeys = [.. ring.Snapshot.Keys.Where(key => key.IsAlive(now)).Select(key => credentials.For(key.Key).Key)];
            context.TokenValidationParameters.ValidIssuers = [options.Issuer];
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>
/// A code or refresh token that comes a second time was stolen, from whoever comes first or second: everything of that login ends, access tokens too (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
/// OpenIddict revokes its rows; this cuts the rest.
/// </summary>
internal sealed class RevokeReplayedFamily(IOpenIddictTokenManager tokens, AuthorityDbContext database, Revocations.Revocations revocations) : IOpenIddictServerHandler<ValidateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
        .UseScopedHandler<RevokeReplayedFamily>()
        .SetOrder(OpenIddictServerHandlers.Protection.ValidateTokenEntry.Descriptor.Order - 500)
        .Build();

    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        if (context.TokenId is null || context.AuthorizationId is not { } authorization || context.Transaction.EndpointType != OpenIddictServerEndpointType.Token
            || await tokens.FindByIdAsync(context.TokenId, context.CancellationToken) is not { } row
            || !await tokens.HasStatusAsync(row, Statuses.Redeemed, context.CancellationToken))
        {
            return;
        }

        if (context.Principal?.GetTokenType() == TokenTypeIdentifiers.RefreshToken
            && await tokens.GetRedemptionDateAsync(row, context.CancellationToken) is { } redeemed
            && context.Options.TimeProvider!.GetUtcNow() < redeemed + (context.Options.RefreshTokenReuseLeeway ?? TimeSpan.Zero))
        {
            return;
        }

        // One, unless the code was shown twice at the same moment.
        foreach (var session in await database.Sessions.AsNoTracking().Where(s => s.AuthorizationId == authorization).Select(s => s.Id).ToListAsync(context.CancellationToken))
        {
            await revocations.RevokeSessionAsync(session, context.CancellationToken);
        }
    }
}
