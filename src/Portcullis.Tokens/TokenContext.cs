namespace Portcullis.Tokens;

/// <summary>What the connection that carried a token says about its holder.</summary>
/// <param name="ClientCertificateThumbprint">
/// The base64url SHA-256 of the DER client certificate of the TLS connection, as in <c>x5t#S256</c> (RFC 8705 §3.1); <see langword="null"/> when the
/// client showed none. A token bound to a certificate is refused with any other, and without one.
/// </param>
public readonly record struct TokenContext(string? ClientCertificateThumbprint);
