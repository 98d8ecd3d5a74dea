using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tokens.Validation;

/// <summary>The checks of a token that has been read, each by itself. Each returns the refusal, or <see langword="null"/>. <see cref="TokenValidator"/> has their order.</summary>
internal static class TokenChecks
{
    /// <summary>RFC 8725 §3.11, §3.12: what is meant for something else opens nothing here.</summary>
    public static TokenFailure? Type(TokenHeader header, TokenPayload payload, IssuerRules issuer)
    {
        if (!issuer.Types.Contains(header.Type))
        {
            return TokenFailure.TypeRefused;
        }

        // A type of its own (at+jwt) settles it; plain JWT could be anything.
        return header.Type == "jwt" && payload.IsOfAnotherKind ? TokenFailure.KindRefused : null;
    }

    /// <summary>RFC 8725 §3.1: the issuer's list decides, never the token. <c>none</c> is in no list.</summary>
    public static TokenFailure? Algorithm(TokenHeader header, IssuerRules issuer) => issuer.Algorithms.Contains(header.Algorithm) ? null : TokenFailure.AlgorithmRefused;

    /// <summary>RFC 7519 §4.1.4: on or after <c>exp</c> it is over.</summary>
    public static TokenFailure? Expiry(TokenPayload payload, IssuerRules issuer, long now) =>
        now < payload.ExpiresAt + issuer.Skew
            ? null
            : new TokenFailure(TokenError.Expired, $"The token expired {TimeWords.Span(now - payload.ExpiresAt)} ago. Get a new one.");

    /// <summary>RFC 7519 §4.1.5.</summary>
    public static TokenFailure? NotBefore(TokenPayload payload, IssuerRules issuer, long now) =>
        payload.NotBefore is not { } notBefore || notBefore <= now + issuer.Skew
            ? null
            : new TokenFailure(TokenError.NotYetValid, $"The token is valid only in {TimeWords.Span(notBefore - now)} (nbf). Wait, or compare the clocks of the issuer and of this server.");

    /// <summary>A token from the future comes from a wrong clock, whose <c>exp</c> can't be trusted either.</summary>
    public static TokenFailure? IssuedAt(TokenPayload payload, IssuerRules issuer, long now) =>
        payload.IssuedAt <= now + issuer.Skew ? null : TokenFailure.IssuedInFuture;

    /// <summary>How long a stolen token can be of use is not left to the issuer.</summary>
    public static TokenFailure? Lifetime(TokenPayload payload, IssuerRules issuer)
    {
        long lifetime = payload.ExpiresAt - payload.IssuedAt;
        if (lifetime <= 0)
        {
            return TokenFailure.ClaimInvalid(ClaimNames.ExpiresAt, "later than iat");
        }

        return lifetime <= issuer.MaximumLifetime
            ? null
            : new TokenFailure(TokenError.LifetimeTooLong, $"The token lives {TimeWords.Span(lifetime)}; at most {TimeWords.Span(issuer.MaximumLifetime)} are accepted from its issuer. Get one with a shorter life.");
    }

    /// <summary>RFC 8725 §3.9: one of several audiences is enough, and compared character by character.</summary>
    public static TokenFailure? Audience(TokenPayload payload, IssuerRules issuer)
    {
        foreach (string audience in payload.Audiences)
        {
            if (issuer.Audiences.Contains(audience))
            {
                return null;
            }
        }

        return TokenFailure.AudienceRefused;
    }

    /// <summary>RFC 8705 §3: bound to one certificate.</summary>
    public static TokenFailure? Certificate(string? thumbprint, TokenContext context) =>
        thumbprint is null || string.Equals(thumbprint, context.ClientCertificateThumbprint, StringComparison.Ordinal) ? null : TokenFailure.CertificateMismatch;

    /// <summary>Taken back before its time.</summary>
    public static TokenFailure? Revocation(ValidatedToken token, IRevocationList revocations) => revocations.IsRevoked(token) ? TokenFailure.Revoked : null;

    /// <summary>The refusal for a key that <see cref="KeySet.Find"/> did not find.</summary>
    public static TokenFailure KeyFailure(TokenError error) => error switch
    {
        TokenError.KeyAmbiguous => TokenFailure.KeyAmbiguous,
        TokenError.KeyUnsuitable => TokenFailure.KeyUnsuitable,
        _ => TokenFailure.KeyUnknown,
    };
}
