using System.Net.Http.Headers;

namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>A secret that somebody put down, the same for every repository.</summary>
internal sealed class SecretCredential(SecretSource source, Func<string, AuthenticationHeaderValue> toHeader) : IUpstreamCredential
{
    /// <inheritdoc/>
    public ValueTask<AuthenticationHeaderValue> GetAsync(UpstreamCredentialRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(toHeader(source.Read()));

    /// <inheritdoc/>
    public void Reject(UpstreamCredentialRequest request, AuthenticationHeaderValue rejected)
    {
        // There is no other until the operator puts one down.
    }
}
