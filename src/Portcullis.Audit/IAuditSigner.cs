namespace Portcullis.Audit;

/// <summary>Signs the log's checkpoints. Implementations are called from one thread at a time.</summary>
public interface IAuditSigner
{
    /// <summary>The key's id, by which a verifier finds the public half in its JWK set.</summary>
    string KeyId { get; }

    /// <summary>
    /// Signs with the key's own JWS algorithm (RFC 7518 §3.1); an ECDSA signature is r‖s (RFC 7518 §3.4).
    /// </summary>
    /// <param name="data">The bytes to sign, not yet hashed.</param>
    byte[] Sign(ReadOnlySpan<byte> data);
}
