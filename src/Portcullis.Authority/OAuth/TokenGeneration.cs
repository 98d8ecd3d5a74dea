using System.Security.Claims;
using OpenIddict.Server;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.Keys;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Portcullis.Authority.OAuth;

/// <summary>
/// Access tokens are made before OpenIddict is asked to answer, by <see cref="AccessTokenWriter"/>, and nothing of them is stored. This puts them where OpenIddict would make its own.
/// </summary>
internal sealed class UseMintedToken : IOpenIddictServerHandler<GenerateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>()
        .UseSingletonHandler<UseMintedToken>()
        .SetOrder(OpenIddictServerHandlers.Protection.AttachSecurityCredentials.Descriptor.Order + 500)
        .Build();

    public ValueTask HandleAsync(GenerateTokenContext context)
    {
        if (context.TokenType == TokenTypeIdentifiers.AccessToken)
        {
            // A way to an access token that passes our own rules by must not exist: without one of ours there is none.
            context.Token = context.Transaction.GetProperty<IssuedToken>(typeof(IssuedToken).FullName!)?.Token
                ?? throw new InvalidOperationException("An access token was asked for that no endpoint granted.");
            context.CreateTokenEntry = false;
            context.PersistTokenPayload = false;
            context.IsReferenceToken = false;
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Identity tokens are signed by the ring's key of the moment, not by one that was set when the program started.</summary>
internal sealed class SignWithRing(KeyRing ring, RingCredentials credentials) : IOpenIddictServerHandler<GenerateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>()
        .UseSingletonHandler<SignWithRing>()
        .SetOrder(OpenIddictServerHandlers.Protection.AttachSecurityCredentials.Descriptor.Order + 600)
        .Build();

    public ValueTask HandleAsync(GenerateTokenContext context)
    {
        if (context.TokenType == TokenTypeIdentifiers.IdentityToken)
        {
            context.SigningCredentials = credentials.For(ring.GetSigningKey());
            context.CreateTokenEntry = false;
            context.PersistTokenPayload = false;
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>OpenIddict writes its issuer as a <see cref="Uri"/>, with a slash after the host. The issuer is compared character by character, so there is one spelling.</summary>
internal sealed class NameIssuer(AuthorityOptions options) : IOpenIddictServerHandler<GenerateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<GenerateTokenContext>()
        .UseSingletonHandler<NameIssuer>()
        .SetOrder(OpenIddictServerHandlers.Protection.AttachTokenMetadata.Descriptor.Order + 500)
        .Build();

    public ValueTask HandleAsync(GenerateTokenContext context)
    {
        if (context.TokenType == TokenTypeIdentifiers.IdentityToken)
        {
            context.SecurityTokenDescriptor.Issuer = options.Issuer;

            // Rows of ours are nobody else's business.
            foreach (Claim claim in context.SecurityTokenDescriptor.Subject.Claims.Where(claim => claim.Type.StartsWith("oi_", StringComparison.Ordinal)).ToArray())
            {
                context.SecurityTokenDescriptor.Subject.RemoveClaim(claim);
            }
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Tells the client what it was granted (RFC 6749 §5.1): our permissions, which OpenIddict doesn't know.</summary>
internal sealed class ReturnGrantedScope : IOpenIddictServerHandler<ApplyTokenResponseContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyTokenResponseContext>()
        .UseSingletonHandler<ReturnGrantedScope>()
        .SetOrder(int.MinValue + 50_000)
        .Build();

    public ValueTask HandleAsync(ApplyTokenResponseContext context)
    {
        if (context.Error is null && context.Transaction.GetProperty<IssuedToken>(typeof(IssuedToken).FullName!) is { } issued)
        {
            context.Response.Scope = issued.Scope;
        }

        return ValueTask.CompletedTask;
    }
}
