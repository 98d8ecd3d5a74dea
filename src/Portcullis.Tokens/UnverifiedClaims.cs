namespace Portcullis.Tokens;

/// <summary>
/// What a refused token says about itself: for the audit log and nothing else, because nobody vouches for it. Bounded in length and free of control
/// characters.
/// </summary>
/// <param name="Issuer">The <c>iss</c> that it claims.</param>
/// <param name="Subject">The <c>sub</c> that it claims.</param>
/// <param name="TokenId">The <c>jti</c> that it claims.</param>
/// <param name="KeyId">The <c>kid</c> that it claims.</param>
/// <param name="ClientId">The <c>client_id</c> that it claims.</param>
public sealed record UnverifiedClaims(string? Issuer, string? Subject, string? TokenId, string? KeyId, string? ClientId);
