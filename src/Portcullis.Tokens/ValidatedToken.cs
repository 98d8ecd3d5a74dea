using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Tokens;

/// <summary>A token that has passed every check. Only <see cref="TokenValidator"/> makes one, and <see cref="Derivation.DerivedTokens"/> from what it has signed itself.</summary>
public sealed class ValidatedToken
{
    private readonly JsonElement _payload;

    internal ValidatedToken(JsonElement payload) => _payload = payload;

    /// <summary>The <c>iss</c> claim: one of the trusted issuers, exactly.</summary>
    public required string Issuer { get; init; }

    /// <summary>The <c>sub</c> claim.</summary>
    public required string Subject { get; init; }

    /// <summary>The <c>aud</c> claim; at least one is an audience of <see cref="IssuerSettings"/>.</summary>
    public required IReadOnlyList<string> Audiences { get; init; }

    /// <summary>The <c>exp</c> claim.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The <c>iat</c> claim.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>The <c>nbf</c> claim, where present.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The <c>jti</c> claim.</summary>
    public required string TokenId { get; init; }

    /// <summary>The id of the key that verified the signature (its RFC 7638 thumbprint where the key set gives none); <see langword="null"/> for a shared secret without one.</summary>
    public string? KeyId { get; init; }

    /// <summary>The <c>alg</c> header.</summary>
    public required string Algorithm { get; init; }

    /// <summary>The <c>typ</c> header, lower case, without <c>application/</c>; <c>jwt</c> when the token has none.</summary>
    public required string Type { get; init; }

    /// <summary>The <c>client_id</c> claim.</summary>
    public string? ClientId { get; init; }

    /// <summary>The <c>sid</c> claim: the login.</summary>
    public string? SessionId { get; init; }

    /// <summary>The <c>scope</c> claim as it stands, space-separated.</summary>
    public string? Scope { get; init; }

    /// <summary>The objects of the <c>authorization_details</c> claim (RFC 9396).</summary>
    public IReadOnlyList<JsonElement> AuthorizationDetails { get; init; } = [];

    /// <summary>The <c>roles</c> claim.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>The <c>groups</c> claim.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>The <c>act</c> chain (RFC 8693 §4.1), the current actor first.</summary>
    public IReadOnlyList<Actor> Actors { get; init; } = [];

    /// <summary>The certificate that the token is bound to: <c>cnf</c>'s <c>x5t#S256</c> (RFC 8705 §3.1).</summary>
    public string? ConfirmationCertificateThumbprint { get; init; }

    /// <summary>The configuration of the issuer that vouched for it.</summary>
    public required TrustedIssuer IssuerSettings { get; init; }

    /// <summary>The SHA-256 of the token: a name for caches.</summary>
    public required TokenHash TokenHash { get; init; }

    /// <summary>
    /// A top-level claim as text, for matching: a string as it is, an integer in its digits, a boolean as <c>true</c> or <c>false</c>. An array, an object, null or
    /// a number with a fraction has no one text form, and is not found.
    /// </summary>
    public bool TryGetClaim(string name, [NotNullWhen(true)] out string? value)
    {
        value = _payload.TryGetProperty(name, out JsonElement claim) ? Validation.ClaimText.Of(claim) : null;
        return value is not null;
    }

    /// <summary>A top-level claim that is a scalar as <see cref="TryGetClaim"/> has it, or an array of such: all its values, in order. Not found if any value isn't a scalar.</summary>
    public bool TryGetClaimValues(string name, [NotNullWhen(true)] out IReadOnlyList<string>? values)
    {
        values = _payload.TryGetProperty(name, out JsonElement claim) ? Validation.ClaimText.AllOf(claim) : null;
        return values is not null;
    }

    /// <summary>Subject and token id, never the token.</summary>
    public override string ToString() => $"{Subject} ({Issuer}, {TokenId})";
}
