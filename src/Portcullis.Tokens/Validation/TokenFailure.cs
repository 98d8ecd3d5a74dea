namespace Portcullis.Tokens.Validation;

/// <summary>A refusal by one check. Its description is for the user and holds nothing of the token.</summary>
internal sealed record TokenFailure(TokenError Error, string Description)
{
    public static TokenFailure Missing { get; } = new(TokenError.Missing, "No token was sent.");

    public static TokenFailure Encrypted { get; } = new(TokenError.Encrypted, "The token is encrypted (JWE); only signed tokens are accepted.");

    public static TokenFailure Malformed { get; } = new(TokenError.Malformed, "The token is not a signed JWT: three parts of base64url with a dot between them. Was it copied whole?");

    public static TokenFailure HeaderMalformed { get; } = new(TokenError.HeaderMalformed, "The token's header is not one well-formed JSON object with a typ, alg and kid of text.");

    public static TokenFailure CriticalHeaderUnknown { get; } = new(TokenError.CriticalHeaderUnknown, "The token's header demands an extension (crit) that this server doesn't know.");

    public static TokenFailure PayloadMalformed { get; } = new(TokenError.PayloadMalformed, "The token's payload is not one well-formed JSON object.");

    public static TokenFailure IssuerUnknown { get; } = new(TokenError.IssuerUnknown, "The token's issuer is none that this server trusts. Get a token from the authority named in the challenge.");

    public static TokenFailure TypeRefused { get; } = new(TokenError.TypeRefused, "The token's type (typ) is not accepted from this issuer. Send the access token, not an ID token.");

    public static TokenFailure KindRefused { get; } = new(TokenError.TypeRefused, "This is an ID token or a logout token. Send the access token.");

    public static TokenFailure AlgorithmRefused { get; } = new(TokenError.AlgorithmRefused, "The token's signature algorithm is not accepted from its issuer.");

    public static TokenFailure IssuedInFuture { get; } = new(TokenError.IssuedInFuture, "The token was issued in the future. Compare the clocks of the issuer and of this server.");

    public static TokenFailure AudienceRefused { get; } = new(TokenError.AudienceRefused, "The token is meant for another service: its audience doesn't name this one. Get a token for this server.");

    public static TokenFailure KeysUnavailable { get; } = new(TokenError.KeysUnavailable, "The keys of the token's issuer can't be had at the moment, so the token can't be checked. Try again later; the operator finds the reason with portcullis doctor.");

    public static TokenFailure KeyUnknown { get; } = new(TokenError.KeyUnknown, "The token is signed with a key that its issuer doesn't publish, or no longer does. Get a new token.");

    public static TokenFailure KeyAmbiguous { get; } = new(TokenError.KeyAmbiguous, "The token doesn't say which of its issuer's keys signed it (kid), and several could have.");

    public static TokenFailure KeyUnsuitable { get; } = new(TokenError.KeyUnsuitable, "The key that the token names doesn't suit its signature algorithm.");

    public static TokenFailure SignatureInvalid { get; } = new(TokenError.SignatureInvalid, "The token's signature is not valid: it was altered or cut, or another key signed it. Get a new token.");

    public static TokenFailure CertificateMismatch { get; } = new(TokenError.CertificateMismatch, "The token is bound to a client certificate that this connection doesn't show (RFC 8705).");

    public static TokenFailure Revoked { get; } = new(TokenError.Revoked, "The token has been revoked. Sign in again to get a new one.");

    public static TokenFailure TooLong(int maximum) => new(TokenError.TooLong, $"The token is longer than {maximum} characters.");

    /// <param name="name">One of the names that the reader looks for, never the token's own text.</param>
    public static TokenFailure HeaderForbidden(string name) => new(TokenError.HeaderForbidden, $"The token's header has the parameter {name}, which is never accepted.");

    /// <inheritdoc cref="HeaderForbidden"/>
    public static TokenFailure ClaimMissing(string name) => new(TokenError.ClaimMissing, $"The token has no {name} claim.");

    /// <param name="name">As above.</param>
    /// <param name="requirement">What it must be, following "must be".</param>
    public static TokenFailure ClaimInvalid(string name, string requirement) => new(TokenError.ClaimInvalid, $"The token's {name} claim must be {requirement}.");
}
