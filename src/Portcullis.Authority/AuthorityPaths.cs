namespace Portcullis.Authority;

/// <summary>The addresses of SPEC §8 that the authority answers. Relative to <see cref="AuthorityOptions.PublicUrl"/>.</summary>
public static class AuthorityPaths
{
    /// <summary>OpenID Connect Discovery §4.</summary>
    public const string OpenIdConfiguration = "/.well-known/openid-configuration";

    /// <summary>RFC 8414.</summary>
    public const string ServerMetadata = "/.well-known/oauth-authorization-server";

    /// <summary>RFC 9728.</summary>
    public const string ResourceMetadata = "/.well-known/oauth-protected-resource";

    /// <summary>RFC 7517.</summary>
    public const string Jwks = "/.well-known/jwks.json";

    /// <summary>What was revoked, for other services: docs/spec/revocations.md.</summary>
    public const string Revocations = Tokens.Revocation.RevocationFeed.Path;

    /// <summary>RFC 6749 §3.1.</summary>
    public const string Authorize = "/oauth/authorize";

    /// <summary>RFC 6749 §3.2.</summary>
    public const string Token = "/oauth/token";

    /// <summary>RFC 8628 §3.1.</summary>
    public const string DeviceAuthorization = "/oauth/device";

    /// <summary>RFC 7009.</summary>
    public const string Revoke = "/oauth/revoke";

    /// <summary>RFC 7662.</summary>
    public const string Introspect = "/oauth/introspect";

    /// <summary>OpenID Connect Core §5.3.</summary>
    public const string UserInfo = "/oauth/userinfo";

    /// <summary>Where people sign in.</summary>
    public const string Login = "/login";

    /// <summary>Where people type a device's code (RFC 8628 §3.3).</summary>
    public const string DevicePage = "/device";

    /// <summary>My sessions, passkeys, second factor.</summary>
    public const string Account = "/account";
}
