namespace Portcullis.Tokens;

/// <summary>The stable codes of <see cref="TokenError"/>, as docs/spec/token.md lists them: what audit lines, metrics and tests match on. They never change.</summary>
public static class TokenErrors
{
    /// <summary>The stable code of <paramref name="error"/>, in snake case.</summary>
    public static string Code(TokenError error) => error switch
    {
        TokenError.None => "none",
        TokenError.Missing => "missing",
        TokenError.TooLong => "too_long",
        TokenError.Encrypted => "encrypted",
        TokenError.Malformed => "malformed",
        TokenError.HeaderMalformed => "header_malformed",
        TokenError.HeaderForbidden => "header_forbidden",
        TokenError.CriticalHeaderUnknown => "crit_unknown",
        TokenError.PayloadMalformed => "payload_malformed",
        TokenError.ClaimMissing => "claim_missing",
        TokenError.ClaimInvalid => "claim_invalid",
        TokenError.IssuerUnknown => "issuer_unknown",
        TokenError.TypeRefused => "type_refused",
        TokenError.AlgorithmRefused => "algorithm_refused",
        TokenError.Expired => "expired",
        TokenError.NotYetValid => "not_yet_valid",
        TokenError.IssuedInFuture => "issued_in_future",
        TokenError.LifetimeTooLong => "lifetime_too_long",
        TokenError.AudienceRefused => "audience_refused",
        TokenError.KeysUnavailable => "keys_unavailable",
        TokenError.KeyUnknown => "key_unknown",
        TokenError.KeyAmbiguous => "key_ambiguous",
        TokenError.KeyUnsuitable => "key_unsuitable",
        TokenError.SignatureInvalid => "signature_invalid",
        TokenError.CertificateMismatch => "certificate_mismatch",
        TokenError.Revoked => "revoked",
        _ => throw new ArgumentOutOfRangeException(nameof(error)),
    };
}
