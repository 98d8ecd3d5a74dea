using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Portcullis.Gateway.Authentication;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Backends.Host;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Fetches;
using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Host.Maintenance;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Pushes;
using Portcullis.Gateway.Backends.Host.RefFiles;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Backends.PackCache;
using Portcullis.Gateway.Lfs;
using Portcullis.Gateway.Pipeline;
using Portcullis.Gateway.Refusals;
using Portcullis.Tokens.Derivation;

namespace Portcullis.Gateway;

/// <summary>Adds the gateway to a program.</summary>
public static class GatewayServices
{
    // About 60 MB at most, for callers who do not see every ref.
    private const int MaxReachableObjectsKept = 1_000_000;

    /// <summary>
    /// Registers the gateway. The program registers beside it the <see cref="Tokens.TokenValidator"/>, the
    /// <see cref="Tokens.Revocation.IRevocationList"/>, the <see cref="Audit.AuditLog"/>, perhaps a <see cref="DerivedTokenKey"/> that outlives it, an <see cref="IAccessPolicySource"/> and the <see cref="TimeProvider"/>.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="options">The gateway's settings.</param>
    public static IServiceCollection AddPortcullisGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<RefusalTexts>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton<TrustTrials>();
        services.AddSingleton<EffectivePermissions>();
        services.AddSingleton<RepositoryAuthorizer>();
        services.AddSingleton<RequestServer>();
        services.AddSingleton(_ => new RequestLimiter(options.RequestsPerMinute));
        services.AddSingleton<GitPipeline>();

        services.AddSingleton(provider => GitInstallation.Prepare(options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(_ => new GitProcessLimiter(options.MaxConcurrentGitProcesses, options.GitProcessQueueTimeout));
        services.AddSingleton(provider => new RepositoryStore(options.RepositoriesRoot, provider.GetRequiredService<GitLauncher>(), options.LfsRoot));
        services.AddSingleton(provider => new EmptyRepository(provider.GetRequiredService<GitLauncher>(), Path.GetFullPath(options.RunDirectory)));
        services.AddSingleton(_ => new PushJournal(Path.Combine(Path.GetFullPath(options.RunDirectory), "pushes")));
        services.AddSingleton(_ => new HookSets(Path.Combine(Path.GetFullPath(options.RunDirectory), "hooks")));
        services.AddSingleton(_ => new ReachableObjectsCache(MaxReachableObjectsKept));
        services.AddSingleton<ReachableObjects>();
        services.AddSingleton<RepositoryFacts>();
        services.AddSingleton<RefFilesCache>();
        services.AddSingleton<RefReader>();
        services.AddSingleton<AdvertisementHandler>();
        services.AddSingleton(provider => new AnswerCache(
            new AnswerCacheOptions(Path.Combine(Path.GetFullPath(options.RunDirectory), "packs"), options.PackCacheBytes, options.PackCacheAge),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<FetchJudge>();
        services.AddSingleton<WholePack>();
        services.AddSingleton<FetchHandler>();
        services.AddSingleton<PushedPointers>();
        services.AddSingleton<ReceivePackInvocations>();
        services.AddSingleton<PushHandler>();
        services.AddSingleton<HostBackend>();
        services.AddSingleton<IGitBackend, BackendRouter>();
        services.AddUpstreams(options);
        services.AddHostedService<InterruptedPushes>();

        services.TryAddSingleton(_ => DerivedTokenKey.Create());
        services.AddSingleton<DerivedTokens>();
        services.AddSingleton<TransferCredentials>();
        services.AddSingleton<LfsServer>();
        services.AddSingleton<BatchHandler>();
        services.AddSingleton<TransferHandler>();
        services.AddSingleton<LockHandler>();
        services.AddSingleton<LfsFolders>();
        services.AddSingleton<ReachablePointers>();
        services.AddSingleton<ObjectReceiver>();
        services.AddSingleton<HostLfsBackend>();
        services.AddSingleton<ILfsBackend, LfsBackendRouter>();
        services.AddHostedService<IncomingSweeper>();
        services.AddSingleton<SmallBlobs>();
        services.AddSingleton<UnreferencedObjects>();
        services.AddSingleton(provider => new RepositoryMaintenance(
            provider.GetRequiredService<GitLauncher>(), provider.GetRequiredService<RepositoryStore>(), provider.GetRequiredService<LfsFolders>(), provider.GetRequiredService<UnreferencedObjects>()));
        services.AddSingleton<MaintenanceSchedule>();
        services.AddHostedService(static provider => provider.GetRequiredService<MaintenanceSchedule>());
        return services;
    }

    /// <summary>Lets the gateway answer every request that nothing else answers.</summary>
    public static void MapPortcullisGateway(this IApplicationBuilder application)
    {
        var pipeline = application.ApplicationServices.GetRequiredService<GitPipeline>();
        application.Run(context =>
        {
            // A pack may have any size; what bounds a push is limits.maxPushBytes.
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false, MaxRequestBodySize: not null } size)
            {
                size.MaxRequestBodySize = null;
            }

            return pipeline.HandleAsync(context);
        });
    }
}
