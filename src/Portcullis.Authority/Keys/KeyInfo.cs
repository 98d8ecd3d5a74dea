namespace Portcullis.Authority.Keys;

/// <summary>What administrators see of a signing key.</summary>
/// <param name="KeyId">The <c>kid</c>: its RFC 7638 thumbprint.</param>
/// <param name="Algorithm">The <c>alg</c>.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="CreatedAt">When it was made, and published.</param>
/// <param name="SignsFrom">When it took over, or will.</param>
/// <param name="VerifiesUntil">When it verifies nothing any more; null while nothing replaces it.</param>
/// <param name="RevokedAt">When it was revoked, if it was.</param>
public sealed record KeyInfo(
    string KeyId, string Algorithm, KeyState State, DateTimeOffset CreatedAt, DateTimeOffset SignsFrom, DateTimeOffset? VerifiesUntil, DateTimeOffset? RevokedAt);
