using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using Portcullis.Authority.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Portcullis.Authority.OAuth;

/// <summary>
/// RFC 7523 asks for no <c>typ</c> in an assertion, and the libraries in use write none; OpenIddict takes only the one that a later draft has. Its other checks stand.
/// </summary>
internal sealed class AcceptPlainAssertions : IOpenIddictServerHandler<ValidateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
        .UseSingletonHandler<AcceptPlainAssertions>()
        .SetOrder(OpenIddictServerHandlers.Protection.ResolveTokenValidationParameters.Descriptor.Order + 600)
        .Build();

    public static bool IsAssertion(ValidateTokenContext context) => context.ValidTokenTypes.Count == 1 && context.ValidTokenTypes.Contains(TokenTypeIdentifiers.Private.ClientAssertion);

    public ValueTask HandleAsync(ValidateTokenContext context)
    {
        if (IsAssertion(context))
        {
            context.TokenValidationParameters!.ValidTypes = ["client-authentication+jwt", "application/client-authentication+jwt", "JWT"];
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>An assertion is for this server, for a few minutes, and counts once (RFC 7523 §3, RFC 9700 §2.5).</summary>
internal sealed class AcceptAssertionOnce(PlainDatabase database, AuthorityOptions options, TimeProvider clock) : IOpenIddictServerHandler<ValidateTokenContext>
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(10);

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
        .UseSingletonHandler<AcceptAssertionOnce>()
        .SetOrder(OpenIddictServerHandlers.Protection.MapInternalClaims.Descriptor.Order + 500)
        .Build();

    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        if (!AcceptPlainAssertions.IsAssertion(context) || context.Principal is not { } principal)
        {
            return;
        }

        principal.SetTokenType(TokenTypeIdentifiers.Private.ClientAssertion);
        DateTimeOffset now = clock.GetUtcNow();
        var audiences = principal.GetAudiences();
        if (!audiences.Any(audience => audience == options.Issuer || audience == options.Issuer + "/" || audience == options.PublicUrl + AuthorityPaths.Token))
        {
            context.Reject(Errors.InvalidClient, "The assertion is meant for another server: its aud must be this one's issuer.");
        }
        else if (principal.GetExpirationDate() is not { } end || end > now + s_longest)
        {
            context.Reject(Errors.InvalidClient, "An assertion lives ten minutes at most.");
        }
        else if (principal.GetClaim(Claims.JwtId) is not { Length: > 0 and <= 256 } id || principal.GetClaim(Claims.Issuer) is not { } client
            || !await database.TryUseAssertionAsync(Hash(client, id), end, context.CancellationToken))
        {
            context.Reject(Errors.InvalidClient, "An assertion needs a jti, and counts once.");
        }
    }

    // The line between them can't be in a client's id.
    private static string Hash(string client, string id) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{client}\n{id}")));
}
