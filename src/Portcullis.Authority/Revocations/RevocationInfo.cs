namespace Portcullis.Authority.Revocations;

/// <summary>One entry of the revocation list.</summary>
/// <param name="Kind">What is named.</param>
/// <param name="Value">Its name: a token id, a subject, a key id …; never a token.</param>
/// <param name="RevokedAt">When.</param>
/// <param name="ForgottenAt">When the entry goes, because nothing that it concerns can be alive any more.</param>
public sealed record RevocationInfo(RevocationKind Kind, string Value, DateTimeOffset RevokedAt, DateTimeOffset ForgottenAt);
