using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Backends.Upstream.Credentials.GitHub;

namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>What an upstream is shown, as it is configured. Never a secret itself: only where one is.</summary>
public abstract record UpstreamCredentialDefinition
{
    internal abstract IUpstreamCredential Create(UpstreamCredentialServices services);
}

/// <summary>HTTP's Basic scheme (RFC 7617).</summary>
/// <param name="UserName">The user name, without a colon; often one that the upstream's makers chose for tokens; may be empty.</param>
/// <param name="Secret">The password or token.</param>
public sealed record BasicCredentialDefinition(string UserName, SecretLocation Secret) : UpstreamCredentialDefinition
{
    internal override IUpstreamCredential Create(UpstreamCredentialServices services) =>
        new SecretCredential(new SecretSource(Secret), secret => BasicAuthentication.Header(UserName, secret));
}

/// <summary>A bearer token (RFC 6750).</summary>
/// <param name="Secret">The token.</param>
public sealed record BearerCredentialDefinition(SecretLocation Secret) : UpstreamCredentialDefinition
{
    internal override IUpstreamCredential Create(UpstreamCredentialServices services) =>
        new SecretCredential(new SecretSource(Secret), BearerAuthentication.Header);
}

/// <summary>A GitHub App, which makes itself a token for each repository, for reading or for writing.</summary>
public sealed record GitHubAppDefinition : UpstreamCredentialDefinition
{
    /// <summary>The app's client id, or its application id.</summary>
    public required string AppId { get; init; }

    /// <summary>Absolute path of the file with the app's private RSA key in PEM.</summary>
    public required string PrivateKeyFile { get; init; }

    /// <summary>The installation that all repositories belong to; null to look it up for each.</summary>
    public long? InstallationId { get; init; }

    /// <summary>Where the REST API is, such as <c>https://api.github.com</c>.</summary>
    public required Uri ApiUrl { get; init; }

    /// <summary>Whether tokens for pushes may change workflow files too (the permission <c>workflows</c>).</summary>
    public bool MayWriteWorkflows { get; init; }

    internal override IUpstreamCredential Create(UpstreamCredentialServices services) =>
        new GitHubAppCredential(this, new GitHubAppApi(this, services.Http, services.Time), services.Time, services.Loggers.CreateLogger<GitHubAppCredential>());
}
