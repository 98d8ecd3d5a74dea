namespace Portcullis.Tokens;

/// <summary>Which check refused a token: one value for each check, in the order in which they run. <see cref="TokenErrors"/> has their stable codes.</summary>
public enum TokenError
{
    /// <summary>Not refused.</summary>
    None = 0,

    /// <summary>There was no token at all.</summary>
    Missing,

    /// <summary>Longer than the limit (8 KiB by default).</summary>
    TooLong,

    /// <summary>Five parts: an encrypted token (JWE), compressed or not. None is ever accepted.</summary>
    Encrypted,

    /// <summary>Not three parts of strict base64url separated by two dots (RFC 7515 §3.1).</summary>
    Malformed,

    /// <summary>The header isn't one JSON object as RFC 7515 §4 wants it: duplicate members, wrong types, invalid UTF-8, too deep.</summary>
    HeaderMalformed,

    /// <summary>A header parameter that is never accepted: <c>jwk</c>, <c>jku</c>, <c>x5u</c>, <c>x5c</c>, <c>b64</c>, <c>cty</c>, <c>zip</c>, <c>enc</c> and their kin (RFC 8725 §3).</summary>
    HeaderForbidden,

    /// <summary><c>crit</c> names an extension, and none is implemented (RFC 7515 §4.1.11).</summary>
    CriticalHeaderUnknown,

    /// <summary>The payload isn't one JSON object as RFC 7519 §4 wants it.</summary>
    PayloadMalformed,

    /// <summary>A required claim is absent.</summary>
    ClaimMissing,

    /// <summary>A claim has the wrong type, is empty, too long, or out of range.</summary>
    ClaimInvalid,

    /// <summary><c>iss</c> is none of the trusted issuers.</summary>
    IssuerUnknown,

    /// <summary>The <c>typ</c> is none that this issuer may use, or the token is of another kind: an ID token or a logout token (RFC 8725 §3.11, §3.12).</summary>
    TypeRefused,

    /// <summary>The <c>alg</c> is not in this issuer's allow-list (RFC 8725 §3.1).</summary>
    AlgorithmRefused,

    /// <summary><c>exp</c> has passed.</summary>
    Expired,

    /// <summary><c>nbf</c> has not come.</summary>
    NotYetValid,

    /// <summary><c>iat</c> lies in the future.</summary>
    IssuedInFuture,

    /// <summary><c>exp - iat</c> exceeds the longest life that the issuer may give.</summary>
    LifetimeTooLong,

    /// <summary><c>aud</c> doesn't name this service.</summary>
    AudienceRefused,

    /// <summary>The issuer's keys could not be had: nothing is known about the token. The only error that asks to try again later.</summary>
    KeysUnavailable,

    /// <summary>The issuer has no key with this <c>kid</c> for this algorithm.</summary>
    KeyUnknown,

    /// <summary>Several keys would fit, and the token doesn't say which.</summary>
    KeyAmbiguous,

    /// <summary>The key's type, curve, size or purpose doesn't suit the algorithm (RFC 8725 §3.1, §3.5).</summary>
    KeyUnsuitable,

    /// <summary>The signature is not the key's.</summary>
    SignatureInvalid,

    /// <summary>The token is bound to a client certificate, and this connection has another, or none (RFC 8705 §3).</summary>
    CertificateMismatch,

    /// <summary>The token, or its session, subject, client or key, has been revoked.</summary>
    Revoked,
}
