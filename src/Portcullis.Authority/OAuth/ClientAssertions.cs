using System.Collections.Concurrent;
using OpenIddict.Abstractions;
using OpenIddict.Server;
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
internal sealed class AcceptAssertionOnce(AuthorityOptions options, TimeProvider clock) : IOpenIddictServerHandler<ValidateTokenContext>
{
    private const int MaxSeen = 100_000;
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<(string Client, string Id), DateTimeOffset> _seen = new();

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
        .UseSingletonHandler<AcceptAssertionOnce>()
        .SetOrder(OpenIddictServerHandlers.Protection.MapInternalClaims.Descriptor.Order + 500)
        .Build();

    public ValueTask HandleAsync(ValidateTokenContext context)
    {
        if (!AcceptPlainAssertions.IsAssertion(context) || context.Principal is not { } principal)
        {
            return ValueTask.CompletedTask;
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
        else if (principal.GetClaim(Claims.JwtId) is not { Length: > 0 and <= 256 } id || principal.GetClaim(Claims.Issuer) is not { } client || !Take(client, id, end, now))
        {
            context.Reject(Errors.InvalidClient, "An assertion needs a jti, and counts once.");
        }

        return ValueTask.CompletedTask;
    }

    private bool Take(string client, string id, DateTimeOffset end, DateTimeOffset now)
    {
        if (_seen.Count >= MaxSeen)
        {
            foreach (var old in _seen.Where(entry => entry.Value < now - TimeSpan.FromMinutes(5)))
            {
                _seen.TryRemove(old);
            }
        }

        // Full of assertions that are alive: rather none than one twice.
        return _seen.Count < MaxSeen && _seen.TryAdd((client, id), end);
    }
}
