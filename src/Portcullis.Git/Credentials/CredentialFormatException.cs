namespace Portcullis.Git.Credentials;

/// <summary>A message between git and a credential helper is malformed. The message is static text: it never repeats what was read.</summary>
/// <param name="message">A sentence of static text.</param>
public sealed class CredentialFormatException(string message) : FormatException(message);
