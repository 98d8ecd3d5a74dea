using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>Makes the pool of connections to one upstream.</summary>
internal static class UpstreamHandler
{
    // Behind a name may be other machines tomorrow: connections are made anew now and then.
    private static readonly TimeSpan s_connectionLifetime = TimeSpan.FromMinutes(10);

    // Load balancers close what lies idle for a minute: who closes first does not lose a request to the other's closing.
    private static readonly TimeSpan s_idleConnectionLifetime = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan s_pingDelay = TimeSpan.FromSeconds(30);

    // The handler takes no shorter one.
    private static readonly TimeSpan s_shortestPingTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Makes the handler.</summary>
    /// <param name="definition">What is configured.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CryptographicException">The file of authorities holds no certificate.</exception>
    /// <exception cref="IOException">The file of authorities can't be read.</exception>
    public static HttpMessageHandler Create(UpstreamDefinition definition, TimeProvider time)
    {
        if (definition.Proxy is not { } address)
        {
            return CreatePool(definition, null, time);
        }

        var proxy = new WebProxy(address);
        if (definition.ProxyCredential is not { } credential)
        {
            return CreatePool(definition, proxy, time);
        }

        var authentication = new ProxyAuthentication(credential);

        // Asked when a tunnel is opened. A request that the proxy itself passes on has it already, and is not to be sent again.
        proxy.Credentials = definition.Url.Scheme == Uri.UriSchemeHttps ? authentication : null;
        authentication.InnerHandler = CreatePool(definition, proxy, time);
        return authentication;
    }

    private static SocketsHttpHandler CreatePool(UpstreamDefinition definition, WebProxy? proxy, TimeProvider time)
    {
        var handler = new SocketsHttpHandler
        {
            // What an upstream sets or asks for is for us, and stays here: no cookie jar, no redirect that we have not looked at,
            // nothing inflated that is to be passed on, no tracing headers.
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            Credentials = null,
            PreAuthenticate = false,
            UseProxy = proxy is not null,
            Proxy = proxy,
            ConnectTimeout = definition.ConnectTimeout,
            MaxConnectionsPerServer = definition.MaxConnections,
            PooledConnectionLifetime = s_connectionLifetime,
            PooledConnectionIdleTimeout = s_idleConnectionLifetime,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = 1 << 20,
            KeepAlivePingDelay = s_pingDelay,
            KeepAlivePingTimeout = definition.ConnectTimeout < s_shortestPingTimeout ? s_shortestPingTimeout : definition.ConnectTimeout,
            MaxResponseHeadersLength = 64,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, time, cancellationToken),
        };
        if (definition.CertificateAuthorityFile is { } file)
        {
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = TrustingOnly(file) };
        }

        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endpoint, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            return new CoalescingStream(socket, time);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static X509ChainPolicy TrustingOnly(string file)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,

            // An authority of one's own seldom says where its revocation list is.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(file);
        return policy.CustomTrustStore.Count > 0 ? policy : throw new CryptographicException($"There is no certificate in {file}.");
    }
}
