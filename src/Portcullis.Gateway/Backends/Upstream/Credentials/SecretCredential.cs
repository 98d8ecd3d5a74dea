using System.Net.Http.Headers;

namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>A secret that somebody put down, the same for every repository.</summary>
internal sealed class SecretCredential(SecretSource source, Func<string, AuthenticationHeaderValue> toHeader) : IUpstreamCredential
{
    /// <inheritdoc/>
    public async ValueTask<AuthenticationHeaderValue> GetAsync(UpstreamCredentialRequest request, CancellationToken cancellationToken) =>
        toHeader(await source.ReadAsync(cancellationToken));

    /// <inheritdoc/>
    /// <remarks>There is another one only if it was put down in just this moment.</remarks>
    public async ValueTask<AuthenticationHeaderValue?> RenewAsync(
        UpstreamCredentialRequest request, AuthenticationHeaderValue rejected, CancellationToken cancellationToken)
    {
        var now = await GetAsync(request, cancellationToken);
        return now.Equals(rejected) ? null : now;
    }
}
