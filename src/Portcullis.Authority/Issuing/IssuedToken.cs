namespace Portcullis.Authority.Issuing;

/// <summary>A token, fresh from the key.</summary>
/// <param name="Token">The JWT. A secret.</param>
/// <param name="TokenId">Its <c>jti</c>, by which it can be revoked and found in the audit.</param>
/// <param name="KeyId">The key that signed it.</param>
/// <param name="Scope">The permissions in it.</param>
/// <param name="ExpiresAt">When it ends.</param>
public sealed record IssuedToken(string Token, string TokenId, string KeyId, string Scope, DateTimeOffset ExpiresAt)
{
    /// <summary>Everything but the token.</summary>
    public override string ToString() => $"token {TokenId} until {ExpiresAt:u}";
}
