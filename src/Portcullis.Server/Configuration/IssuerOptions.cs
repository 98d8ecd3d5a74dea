using Portcullis.Server.Configuration.Binding;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Server.Configuration;

/// <summary>An issuer whose tokens are accepted, and within which bounds.</summary>
internal sealed record IssuerOptions
{
    /// <summary>The exact value of the tokens' <c>iss</c>.</summary>
    public required string Issuer { get; init; }

    /// <summary>What the tokens' <c>aud</c> must name.</summary>
    [DefaultText("`server.publicUrl`")]
    public string Audience { get; set; } = "";

    /// <summary>The issuer's public keys, a JSON Web Key Set: a file, or a URL.</summary>
    [FilePathOrUrl]
    [DefaultText("found by OpenID Connect discovery")]
    public string? Jwks { get; init; }

    /// <summary>A file with the shared secret of HS256, HS384 or HS512, instead of public keys.</summary>
    [FilePath(MustExist = true)]
    public string? SecretFile { get; init; }

    /// <summary>The accepted signature algorithms: all of public keys, or all of a shared secret.</summary>
    [OneOf("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384", "HS512")]
    [DefaultText("`[ES256, RS256]`; with `secretFile` `[HS256]`")]
    public IReadOnlyList<string> Algorithms { get; set; } = [];

    /// <summary>The accepted values of the tokens' <c>typ</c>. An ID token is a <c>JWT</c> too: accept that only from an issuer whose tokens for this audience are meant for access.</summary>
    [OneOf("at+jwt", "JWT")]
    public IReadOnlyList<string> Types { get; init; } = ["at+jwt"];

    /// <summary>The longest accepted life of a token.</summary>
    [Between("1s", "7d")]
    public TimeSpan MaxLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How far the issuer's clock may be from ours, either way.</summary>
    [Between("0", "5m")]
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>token</c>: the permissions in its tokens count. <c>policy</c>: only what the policy gives them.</summary>
    public PermissionSource Permissions { get; init; } = PermissionSource.Policy;

    /// <summary>Permissions that no token of this issuer exceeds.</summary>
    [Permissions]
    [DefaultText("no ceiling")]
    public IReadOnlyList<string>? Ceiling { get; init; }
}
