using System.Text.Json;

namespace Portcullis.Tokens.Minting;

/// <summary>What a new token is to say.</summary>
public sealed record TokenRequest
{
    /// <summary>Who it is for: <c>sub</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>Which services it is meant for: <c>aud</c>. At least one.</summary>
    public required IReadOnlyList<string> Audiences { get; init; }

    /// <summary>How long it lives, in whole seconds. Default: 15 minutes.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The permissions, space-separated: <c>scope</c>.</summary>
    public string? Scope { get; init; }

    /// <summary>The permissions as objects: <c>authorization_details</c> (RFC 9396).</summary>
    public IReadOnlyList<JsonElement> AuthorizationDetails { get; init; } = [];

    /// <summary>Names of roles that the policy defines: <c>roles</c>.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Groups of the subject: <c>groups</c>.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>The client that asked: <c>client_id</c>.</summary>
    public string? ClientId { get; init; }

    /// <summary>The login: <c>sid</c>.</summary>
    public string? SessionId { get; init; }

    /// <summary>Who acts for the subject, the current actor first: <c>act</c> (RFC 8693 §4.1). At most 8.</summary>
    public IReadOnlyList<Actor> Actors { get; init; } = [];

    /// <summary>Binds the token to a client certificate: <c>cnf</c>'s <c>x5t#S256</c> (RFC 8705 §3.1).</summary>
    public string? CertificateThumbprint { get; init; }

    /// <summary>Its id, <c>jti</c>. Default: 128 random bits.</summary>
    public string? TokenId { get; init; }

    /// <summary>Not valid before: <c>nbf</c>.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The longest token that may come out, in characters; 0: up to what a validator takes (8192). Default: 1200, what Windows' credential store can hold (1280) with room for a name.</summary>
    public int MaximumLength { get; init; } = 1200;
}
