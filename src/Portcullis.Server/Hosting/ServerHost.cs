using System.Diagnostics;
using Portcullis.Audit;
using Portcullis.Authority;
using Portcullis.Authority.Keys;
using Portcullis.Gateway;
using Portcullis.Server.Administration;
using Portcullis.Server.Commands;
using Portcullis.Server.Logging;
using Portcullis.Server.Metrics;

namespace Portcullis.Server.Hosting;

/// <summary>A running server: everything opened in the order in which it is needed, closed in reverse.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    // Below the ten seconds after which container runtimes kill.
    private static readonly TimeSpan s_shutdownTime = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan s_tidyingTime = TimeSpan.FromSeconds(3);
    private readonly WebApplication _application;
    private readonly List<IAsyncDisposable> _owned;

    private ServerHost(WebApplication application, List<IAsyncDisposable> owned)
    {
        _application = application;
        _owned = owned;
    }

    /// <summary>The addresses that it listens on, with the ports that it got.</summary>
    public ICollection<string> Addresses => _application.Urls;

    /// <summary>The keys that sign its tokens. For a server with the authority.</summary>
    public KeyRing SigningKeys => _application.Services.GetRequiredService<KeyRing>();

    /// <summary>Starts a server and says on the terminal what it made and where it listens.</summary>
    /// <exception cref="CommandFailedException">It can't start; the message says why.</exception>
    public static async Task<ServerHost> StartAsync(Installation installation, CommandTerminal terminal, CancellationToken cancellationToken)
    {
        var owned = new List<IAsyncDisposable>();
        try
        {
            return await StartAsync(installation, terminal, owned, cancellationToken);
        }
        catch
        {
            await CloseAsync(owned);
            throw;
        }
    }

    /// <summary>Completes when the process is told to end, or <paramref name="cancellationToken"/> is.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => _application.WaitForShutdownAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Waits for requests that run, then closes their connections; what they leave behind is tidied and recorded before the audit log closes.
        await _application.StopAsync(CancellationToken.None);
        await _application.Services.GetRequiredService<RunningRequests>().WaitForNoneAsync(s_tidyingTime);
        await CloseAsync(_owned);
    }

    private static async Task<ServerHost> StartAsync(
        Installation installation, CommandTerminal terminal, List<IAsyncDisposable> owned, CancellationToken cancellationToken)
    {
        var configuration = installation.Configuration;
        foreach (var warning in installation.Loaded.Warnings)
        {
            terminal.Error.WriteLine($"portcullis: {warning}");
        }

        installation.MakeDirectories();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "portcullis", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddProvider(new LineLoggerProvider(terminal.Error, installation.TimeProvider));

        // With a logger of its own for each request goes an activity for each, which nobody reads here: the audit is the log of requests.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.WebHost.UseKestrelCore();
        var services = builder.Services;
        services.AddSingleton(installation);
        services.AddSingleton(installation.TimeProvider);
        services.AddSingleton<MetricsCollector>();
        services.AddSingleton<RunningRequests>();
        services.AddSingleton<MalformedHttpAudit>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = s_shutdownTime);

        var auditKey = installation.OpenAuditKey();
        owned.Add(new Owned(auditKey));
        var audit = await OpenAuditAsync(installation, auditKey, terminal, cancellationToken);
        owned.Add(audit);
        services.AddSingleton(audit);
        var policy = installation.OpenPolicy(new LineLoggerProvider(terminal.Error, installation.TimeProvider).CreateLogger("Portcullis.Server.Policy"));
        owned.Add(new Owned(policy));
        services.AddSingleton(policy);
        services.AddSingleton<IAccessPolicySource>(new PolicySource(policy));
        AuthorityComposition.AddTokens(services, installation, () => policy.Current);
        AdministrationApi.AddServices(services);
        services.AddSingleton(installation.OpenTransferKey());
        services.AddPortcullisGateway(installation.GatewayOptions);
        OtherServices.Add(services, installation);

        KestrelSetup.Apply(builder, configuration, installation.TimeProvider);
        var application = builder.Build();
        owned.Add(application);
        application.Services.GetRequiredService<MetricsCollector>();
        var isFirstStart = configuration.Authority.Enabled && await AuthorityComposition.PrepareAsync(application.Services, terminal, cancellationToken);

        var malformed = application.Services.GetRequiredService<MalformedHttpAudit>();
        owned.Add(new Owned(application.Services.GetRequiredService<DiagnosticListener>().Subscribe(malformed, MalformedHttpAudit.Wants)));
        application.Use(application.Services.GetRequiredService<RunningRequests>().CountAsync);
        OtherServices.Use(application);
        application.UseServiceEndpoints();
        application.UseFrontPage();
        if (configuration.Authority.Enabled)
        {
            application.UsePortcullisAuthority();
            AdministrationApi.Use(application);
        }

        application.MapPortcullisGateway();
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or FileNotFoundException)
        {
            throw new CommandFailedException(exception.Message);
        }

        foreach (var address in application.Urls)
        {
            terminal.Output.WriteLine($"listening on {address}");
        }

        await terminal.Output.FlushAsync(cancellationToken);
        if (isFirstStart)
        {
            // Making tables with EF leaves tens of megabytes of garbage, and a server at rest makes none that would have it collected. Beside the first requests, not before them.
            _ = Task.Run(() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true), CancellationToken.None);
        }

        return new ServerHost(application, owned);
    }

    private static async Task<AuditLog> OpenAuditAsync(
        Installation installation, AuditSigningKey key, CommandTerminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            return await installation.OpenAuditLogAsync(key, installation.Configuration.Audit.Node, notice => terminal.Error.WriteLine($"audit: {notice}"), cancellationToken);
        }
        catch (AuditUnavailableException exception)
        {
            throw new CommandFailedException($"The audit log in {installation.Configuration.Audit.Directory} can't be opened: {exception.Message}");
        }
    }

    private static async Task CloseAsync(List<IAsyncDisposable> owned)
    {
        for (var i = owned.Count - 1; i >= 0; i--)
        {
            await owned[i].DisposeAsync();
        }
    }

    private sealed class Owned(IDisposable resource) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            resource.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
