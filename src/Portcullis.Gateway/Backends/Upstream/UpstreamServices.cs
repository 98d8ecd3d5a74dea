using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Gateway.Backends.Upstream.Fetches;
using Portcullis.Gateway.Backends.Upstream.Mirrors;
using Portcullis.Gateway.Backends.Upstream.Pushes;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>Registers what serves repositories from elsewhere.</summary>
internal static class UpstreamServices
{
    /// <summary>One backend for each definition, in their order.</summary>
    public static IServiceCollection AddUpstreams(this IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton(_ => new ListingBudget(options.MaxUpstreamListingBytes));
        services.AddSingleton<UpstreamRefs>();
        services.AddSingleton<UpstreamAdvertisementHandler>();
        services.AddSingleton<UpstreamFetchHandler>();
        services.AddSingleton<MirrorStore>();
        services.AddSingleton(_ => new QuarantineFolders(Path.Combine(Path.GetFullPath(options.RunDirectory), "quarantine")));
        services.AddSingleton<UpstreamPushInspector>();
        services.AddSingleton<UpstreamPushHandler>();
        services.AddSingleton<IReadOnlyList<UpstreamBackend>>(provider =>
        [
            .. options.Upstreams.Select((definition, index) => new UpstreamBackend(
                UpstreamSite.Open(definition, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()),
                [.. options.Upstreams.Take(index)],
                provider.GetRequiredService<UpstreamRefs>(),
                provider.GetRequiredService<UpstreamAdvertisementHandler>(),
                provider.GetRequiredService<UpstreamFetchHandler>(),
                provider.GetRequiredService<UpstreamPushHandler>(),
                provider.GetRequiredService<ILogger<UpstreamBackend>>())),
        ]);
        return services;
    }
}
