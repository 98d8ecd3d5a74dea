namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>What an upstream is shown, as it is configured. Never a secret itself: only where one is.</summary>
public abstract record UpstreamCredentialDefinition
{
    internal abstract IUpstreamCredential Create(TimeProvider time);
}

/// <summary>HTTP's Basic scheme (RFC 7617).</summary>
/// <param name="UserName">The user name; may be empty.</param>
/// <param name="Secret">The password or token.</param>
public sealed record BasicCredentialDefinition(string UserName, SecretLocation Secret) : UpstreamCredentialDefinition
{
    internal override IUpstreamCredential Create(TimeProvider time) =>
        new SecretCredential(new SecretSource(Secret), secret => BasicAuthentication.Header(UserName, secret));
}

/// <summary>A bearer token (RFC 6750).</summary>
/// <param name="Secret">The token.</param>
public sealed record BearerCredentialDefinition(SecretLocation Secret) : UpstreamCredentialDefinition
{
    internal override IUpstreamCredential Create(TimeProvider time) =>
        new SecretCredential(new SecretSource(Secret), static secret => new("Bearer", secret));
}
