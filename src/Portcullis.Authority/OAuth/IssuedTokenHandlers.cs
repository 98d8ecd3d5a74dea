using System.Text.Json;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using Portcullis.Authority.Issuing;
using Portcullis.Tokens;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Portcullis.Authority.OAuth;

/// <summary>Revokes by RFC 7009: an access token by its id; a refresh token with everything of its login (§2.1).</summary>
internal sealed class RevokeIssuedToken(Revocations.Revocations revocations) : IOpenIddictServerHandler<HandleRevocationRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<HandleRevocationRequestContext>()
        .UseSingletonHandler<RevokeIssuedToken>()
        .SetOrder(OpenIddictServerHandlers.Revocation.RevokeToken.Descriptor.Order)
        .Build();

    public async ValueTask HandleAsync(HandleRevocationRequestContext context)
    {
        if (context.Transaction.GetProperty<ValidatedToken>(typeof(ValidatedToken).FullName!) is { } token)
        {
            await revocations.RevokeTokenAsync(token.TokenId, context.CancellationToken);
        }
        else if (context.GenericTokenPrincipal?.GetClaim(PortcullisClaims.SessionId) is { } session)
        {
            await revocations.RevokeSessionAsync(session, context.CancellationToken);
        }
        else
        {
            context.Reject(Errors.UnsupportedTokenType, "Only access tokens and refresh tokens can be revoked.");
        }
    }
}

/// <summary>Tells a resource server all that an access token says (RFC 7662 §2.2).</summary>
internal sealed class IntrospectAccessToken : IOpenIddictServerHandler<ApplyIntrospectionResponseContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyIntrospectionResponseContext>()
        .UseSingletonHandler<IntrospectAccessToken>()
        .SetOrder(int.MinValue + 150_000)
        .Build();

    public ValueTask HandleAsync(ApplyIntrospectionResponseContext context)
    {
        if (context.Error is null && context.Response[Claims.Active] is { } active && (bool?)active == true
            && context.Transaction.GetProperty<ValidatedToken>(typeof(ValidatedToken).FullName!) is { } token)
        {
            context.Response[Claims.Issuer] = token.Issuer;
            context.Response[Claims.Subject] = token.Subject;
            context.Response[Claims.JwtId] = token.TokenId;
            context.Response[Claims.ClientId] = token.ClientId;
            context.Response[PortcullisClaims.SessionId] = token.SessionId;
            context.Response[Claims.Scope] = token.Scope;
            context.Response[Claims.Audience] = new OpenIddictParameter(JsonSerializer.SerializeToElement(token.Audiences));
            context.Response[Claims.IssuedAt] = token.IssuedAt.ToUnixTimeSeconds();
            context.Response[Claims.ExpiresAt] = token.ExpiresAt.ToUnixTimeSeconds();
            context.Response[Claims.TokenType] = TokenTypes.Bearer;
            if (token.Actors.Count > 0)
            {
                context.Response["act"] = new OpenIddictParameter(Act(token.Actors, 0));
            }
        }

        return ValueTask.CompletedTask;
    }

    private static JsonElement Act(IReadOnlyList<Actor> actors, int index)
    {
        var members = new Dictionary<string, object> { ["sub"] = actors[index].Subject };
        if (actors[index].Issuer is { } issuer)
        {
            members["iss"] = issuer;
        }

        if (index + 1 < actors.Count)
        {
            members["act"] = Act(actors, index + 1);
        }

        return JsonSerializer.SerializeToElement(members);
    }
}

/// <summary>
/// Whoever holds a token may make a smaller one of it, and a workload brings its issuer's word: neither needs to be registered. Without <c>client_id</c>, an exchange is made in the name
/// of a client that can do nothing else.
/// </summary>
internal sealed class NameExchangeClient : IOpenIddictServerHandler<ExtractTokenRequestContext>
{
    public const string ClientId = "token-exchange";

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ExtractTokenRequestContext>()
        .UseSingletonHandler<NameExchangeClient>()
        .SetOrder(int.MaxValue - 100_000)
        .Build();

    public ValueTask HandleAsync(ExtractTokenRequestContext context)
    {
        if (context.Request is { } request && request.IsTokenExchangeGrantType() && string.IsNullOrEmpty(request.ClientId) && string.IsNullOrEmpty(request.ClientAssertion))
        {
            request.ClientId = ClientId;
        }

        return ValueTask.CompletedTask;
    }
}
