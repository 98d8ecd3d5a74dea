namespace Portcullis.Tokens.Revocation;

/// <summary>One thing taken back.</summary>
public sealed record RevocationEntry
{
    /// <summary>What <see cref="Value"/> names.</summary>
    public required RevocationKind Kind { get; init; }

    /// <summary>The token id, session id, subject, client id or key id.</summary>
    public required string Value { get; init; }

    /// <summary>The issuer whose tokens are meant; <see langword="null"/>: any issuer's.</summary>
    public string? Issuer { get; init; }

    /// <summary>
    /// Only tokens issued then or earlier; <see langword="null"/>: all. <c>iat</c> counts whole seconds, so a token issued within the same second is taken back too.
    /// </summary>
    public DateTimeOffset? IssuedBefore { get; init; }

    /// <summary>When the last token that it could meet has expired, and the entry may be forgotten.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
