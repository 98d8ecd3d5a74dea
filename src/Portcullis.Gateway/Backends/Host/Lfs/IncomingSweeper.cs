using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Backends.Host.Repositories;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>Tidies up, when the program starts, after uploads that the last end of the program broke off.</summary>
internal sealed partial class IncomingSweeper(RepositoryStore store, LfsFolders folders, TimeProvider time, ILogger<IncomingSweeper> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Behind the start: there can be very many repositories.
        await Task.Yield();
        try
        {
            foreach (var repository in store.List())
            {
                stoppingToken.ThrowIfCancellationRequested();
                if (store.Locate(repository) is { } directory)
                {
                    IncomingSweep.Sweep(folders.Of(repository, directory), time);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogFailed(logger, exception);
        }
        catch (OperationCanceledException)
        {
            // The program ends.
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Git LFS uploads that were broken off could not be tidied up.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
