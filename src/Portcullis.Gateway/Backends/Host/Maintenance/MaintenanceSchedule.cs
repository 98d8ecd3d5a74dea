using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Host.Maintenance;

/// <summary>Looks at all repositories from time to time, and maintains those that need it: one after the other.</summary>
internal sealed partial class MaintenanceSchedule(
    RepositoryStore store, RepositoryMaintenance maintenance, GatewayOptions options, TimeProvider time, ILogger<MaintenanceSchedule> logger) : BackgroundService
{
    // What maintenance could not give a repository is not tried again before it needs something else, too: a shallow one gets no commit-graph.
    private readonly Dictionary<RepositoryPath, MaintenanceNeeds> remaining = [];

    /// <summary>Maintains the repositories that need it.</summary>
    /// <returns>How many were maintained.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var done = 0;
        foreach (var repository in store.List())
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var needs = maintenance.Examine(repository);
                if ((needs & ~remaining.GetValueOrDefault(repository)) != 0)
                {
                    var started = time.GetTimestamp();
                    if (await maintenance.MaintainAsync(repository, cancellationToken) is not null)
                    {
                        done++;
                        remaining[repository] = maintenance.Examine(repository);
                        LogMaintained(logger, repository, needs, time.GetElapsedTime(started).TotalSeconds);
                    }
                }
            }
            catch (Exception exception) when (exception is GitFailedException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
            {
                // A damaged repository must not keep the others from being maintained, nor be tried without end.
                remaining[repository] = (MaintenanceNeeds)(-1);
                LogFailed(logger, exception, repository);
            }
        }

        return done;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.MaintenanceInterval <= TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(options.MaintenanceInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await RunOnceAsync(stoppingToken);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Maintained {Repository}, which lacked {Needs}, in {Seconds:0.0} s.")]
    private static partial void LogMaintained(ILogger logger, RepositoryPath repository, MaintenanceNeeds needs, double seconds);

    [LoggerMessage(2, LogLevel.Warning, "{Repository} could not be maintained.")]
    private static partial void LogFailed(ILogger logger, Exception exception, RepositoryPath repository);
}
