namespace Portcullis.Tokens;

/// <summary>The names in JSON, which stand nowhere else.</summary>
internal static class ClaimNames
{
    // Header, RFC 7515 §4.1.
    public const string Type = "typ";
    public const string Algorithm = "alg";
    public const string KeyId = "kid";
    public const string Critical = "crit";

    // Payload, RFC 7519 §4.1, RFC 9068 §2.2, RFC 8693 §4, RFC 7800, RFC 9396.
    public const string Issuer = "iss";
    public const string Subject = "sub";
    public const string Audience = "aud";
    public const string ExpiresAt = "exp";
    public const string NotBefore = "nbf";
    public const string IssuedAt = "iat";
    public const string TokenId = "jti";
    public const string ClientId = "client_id";
    public const string SessionId = "sid";
    public const string Scope = "scope";
    public const string AuthorizationDetails = "authorization_details";
    public const string Roles = "roles";
    public const string Groups = "groups";
    public const string Actor = "act";
    public const string Confirmation = "cnf";

    // docs/spec/authority.md: the ids of a token's ancestors by exchange.
    public const string Parents = "parents";

    // The same: what else it dies with, as kind:value.
    public const string DiesWith = "dies_with";
    public const string CertificateThumbprint = "x5t#S256";
}
