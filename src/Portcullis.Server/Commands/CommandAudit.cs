using Portcullis.Audit;

namespace Portcullis.Server.Commands;

/// <summary>The audit chain of commands, which run beside the server and beside each other.</summary>
internal static class CommandAudit
{
    // A command has the chain until it is done, and on a busy machine, or with a database that is slow to answer, several before this one take their time.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>Opens the commands' chain, waiting for another command that has it open.</summary>
    /// <exception cref="AuditUnavailableException">It can't be had.</exception>
    public static async Task<AuditLog> OpenAsync(Installation installation, AuditSigningKey key, CancellationToken cancellationToken)
    {
        var started = installation.TimeProvider.GetTimestamp();
        while (true)
        {
            try
            {
                return await installation.OpenAuditLogAsync(key, installation.CommandNode, notice: null, cancellationToken);
            }
            catch (AuditUnavailableException exception) when (exception.IsInUse && installation.TimeProvider.GetElapsedTime(started) < s_patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), installation.TimeProvider, cancellationToken);
            }
        }
    }
}
