namespace Portcullis.Authority.Keys;

/// <summary>One key of the ring as it is stored: the public half in the open, the private half encrypted.</summary>
internal sealed class KeyRow
{
    /// <summary>The RFC 7638 thumbprint; for the authority's internal secrets a name.</summary>
    public required string KeyId { get; set; }

    /// <summary>The JWS algorithm, or <c>internal</c> for the secret that protects codes and refresh tokens.</summary>
    public required string Algorithm { get; set; }

    public required byte[] ProtectedKey { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>From then on it signs; it is published from <see cref="CreatedAt"/>, so that verifiers know it before they meet it.</summary>
    public DateTimeOffset SignsFrom { get; set; }

    /// <summary>From then on it verifies nothing; null while it has not been replaced.</summary>
    public DateTimeOffset? VerifiesUntil { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }
}
