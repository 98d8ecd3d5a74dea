using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Portcullis.Audit;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>Before the first request: tidies up after the pushes that ran when the program last ended without warning, and tells the audit.</summary>
internal sealed partial class InterruptedPushes(PushJournal journal, AuditLog audit, TimeProvider time, ILogger<InterruptedPushes> logger) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (path, entry) in journal.Left())
        {
            if (entry is not null)
            {
                RemoveQuarantines(entry.Directory);
                await audit.AppendAsync(RecordOf(entry), durable: true, cancellationToken);
                LogInterrupted(logger, entry.Id, entry.Repository);
            }

            File.Delete(path);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // What git itself would have removed had it been given the time (tmp-objdir.c, index-pack.c).
    private static void RemoveQuarantines(string repository)
    {
        var objects = Path.Combine(repository, "objects");
        if (!Directory.Exists(objects))
        {
            return;
        }

        foreach (var pattern in (string[])["incoming-*", "tmp_objdir-*"])
        {
            foreach (var directory in Directory.EnumerateDirectories(objects, pattern))
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        var packs = Path.Combine(objects, "pack");
        if (Directory.Exists(packs))
        {
            foreach (var file in Directory.EnumerateFiles(packs, "tmp_*"))
            {
                File.Delete(file);
            }
        }
    }

    private AuditRecord RecordOf(PushJournal.Entry entry) => new()
    {
        Time = time.GetUtcNow(),
        Id = entry.Id,
        Event = AuditEvents.Request,
        Outcome = AuditOutcome.Failed,
        Reason = "interrupted",
        Subject = entry.Subject,
        Issuer = entry.Issuer,
        TokenId = entry.TokenId,
        Repository = entry.Repository,
        Operation = "push",
        Refs =
        [
            .. entry.Commands.Select(command => new AuditRefChange
            {
                Name = command.Name,
                Old = command.Old,
                New = command.New,
                Outcome = AuditOutcome.Failed,
                Reason = "interrupted",
            }),
        ],
    };

    [LoggerMessage(1, LogLevel.Warning, "The push of request {RequestId} to {Repository} was interrupted when the program last ended; its repository was tidied.")]
    private static partial void LogInterrupted(ILogger logger, string requestId, string repository);
}
