namespace Portcullis.CredentialHelper.Authority;

/// <summary>The authority refused, or can't be had. The message is for the person at the terminal.</summary>
/// <param name="code">The OAuth 2.0 error, or null.</param>
/// <param name="message">What is wrong.</param>
internal sealed class AuthorityException(string? code, string message) : Exception(message)
{
    /// <summary>The OAuth 2.0 error.</summary>
    public string? Code => code;
}
