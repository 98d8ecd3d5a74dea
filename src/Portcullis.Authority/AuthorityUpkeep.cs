using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using Portcullis.Authority.Keys;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority;

/// <summary>What has to happen by itself: looking for other nodes' revocations and keys, rotating, and throwing away what has run out.</summary>
internal sealed partial class AuthorityUpkeep(
    KeyRing ring, Revocations.Revocations revocations, AuthorityRouter activity, IServiceProvider services, AuthorityOptions options, TimeProvider clock, ILogger<AuthorityUpkeep> log) : BackgroundService
{
    private static readonly TimeSpan s_rotationInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_pruneInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_replaysSeenFor = TimeSpan.FromDays(14);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.PollInterval, clock);
        DateTimeOffset rotated = default;
        DateTimeOffset pruned = clock.GetUtcNow();
        var failing = false;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await revocations.PollAsync(stoppingToken);
                await ring.PollAsync(stoppingToken);
                DateTimeOffset now = clock.GetUtcNow();
                if (now - rotated >= s_rotationInterval)
                {
                    rotated = now;
                    await ring.RotateIfDueAsync(stoppingToken);
                    await revocations.RemoveExpiredAsync(stoppingToken);
                    await revocations.RemoveAssertionsAsync(stoppingToken);
                }

                // What nobody asked of this process left nothing to throw away, and EF need not be loaded for it.
                if (now - pruned >= s_pruneInterval && activity.WasUsed)
                {
                    pruned = now;
                    await PruneAsync(services, now, stoppingToken);
                }

                failing = false;
            }
            catch (AuthorityDatabaseException exception)
            {
                // Another node's key that this one can't read, say: what is in memory goes on to be good, and a server must not go down for it.
                if (!failing)
                {
                    failing = true;
                    LogUnreadable(exception);
                }
            }
            catch (Exception exception) when (exception is DbException or DbUpdateException or InvalidOperationException && !stoppingToken.IsCancellationRequested)
            {
                // Said once, not twice a second: verifying goes on without the database.
                if (!failing)
                {
                    failing = true;
                    LogDatabaseAway(exception);
                }
            }
        }
    }

    // Refresh tokens that were used up are kept for a while: one that comes again tells that it was stolen, and ends its family. After that it is refused, and nothing more is learned from it.
    internal static async Task PruneAsync(IServiceProvider services, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().PruneAsync(now - s_replaysSeenFor, cancellationToken);
        await scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>().PruneAsync(now - s_replaysSeenFor, cancellationToken);
    }

    [LoggerMessage(LogLevel.Error, "The authority's database holds something that can't be read. The keys in memory stay in use.")]
    private partial void LogUnreadable(Exception exception);

    [LoggerMessage(LogLevel.Error, "The authority's database does not answer. Tokens that were issued stay good; none is issued, and revocations of other nodes are not seen.")]
    private partial void LogDatabaseAway(Exception exception);
}
