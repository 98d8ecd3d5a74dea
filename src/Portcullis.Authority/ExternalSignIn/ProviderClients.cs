using System.Collections.Frozen;

namespace Portcullis.Authority.ExternalSignIn;

/// <summary>The providers that are configured, each with its metadata and keys in memory.</summary>
internal sealed class ProviderClients : IDisposable
{
    private readonly FrozenDictionary<string, ProviderClient> _clients;
    private readonly HttpClient _http;

    public ProviderClients(AuthorityOptions options, TimeProvider clock)
    {
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            Timeout = TimeSpan.FromSeconds(10),
            MaxResponseContentBufferSize = 1 << 20,
        };
        _clients = options.ExternalProviders.ToFrozenDictionary(provider => provider.Name, provider => new ProviderClient(provider, _http, clock), StringComparer.Ordinal);
    }

    public ProviderClient? Find(string name) => _clients.GetValueOrDefault(name);

    public void Dispose() => _http.Dispose();
}
