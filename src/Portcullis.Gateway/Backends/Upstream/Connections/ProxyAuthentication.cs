using System.Net;
using Portcullis.Gateway.Backends.Upstream.Credentials;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>
/// Shows a forward proxy who asks, by HTTP's Basic scheme (RFC 9110 §11.7.2): with each request that it passes on, and when a tunnel is opened. A request through a tunnel carries
/// nothing of it, since that reaches the upstream.
/// </summary>
internal sealed class ProxyAuthentication(BasicCredentialDefinition credential) : DelegatingHandler, ICredentials
{
    private readonly SecretSource secret = new(credential.Secret);
    private volatile NetworkCredential? current;

    /// <inheritdoc/>
    public NetworkCredential? GetCredential(Uri uri, string authType) => string.Equals(authType, "Basic", StringComparison.OrdinalIgnoreCase) ? current : null;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var password = await secret.ReadAsync(cancellationToken);
        if (request.RequestUri!.Scheme == Uri.UriSchemeHttp)
        {
            // Not only when it is asked for: a body that is on its way can't be sent twice.
            request.Headers.ProxyAuthorization = BasicAuthentication.Header(credential.UserName, password);
        }
        else
        {
            current = new NetworkCredential(credential.UserName, password);
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
