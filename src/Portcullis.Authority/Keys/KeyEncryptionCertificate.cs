namespace Portcullis.Authority.Keys;

/// <summary>Where a certificate for encryption and its private key lie.</summary>
/// <param name="Path">The certificate in PEM, or both halves in PKCS #12 without a password.</param>
/// <param name="KeyPath">The private key in PEM, unencrypted. Null: it stands in the same file.</param>
public sealed record KeyEncryptionCertificate(string Path, string? KeyPath = null);
