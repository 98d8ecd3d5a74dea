namespace Portcullis.CredentialHelper.Authority;

/// <summary>What the token endpoint gave.</summary>
/// <param name="AccessToken">The token.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="RefreshToken">What the next is asked for with; null when none was given.</param>
internal sealed record IssuedTokens(string AccessToken, DateTimeOffset ExpiresAt, string? RefreshToken);
