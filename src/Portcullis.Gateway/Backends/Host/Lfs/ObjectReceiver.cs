using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>
/// Takes an object: to a file without a name, hashed on the way, never more of it in memory than what is just arriving. Every upload is read and stored alike, whether
/// the object is there already or not: it proves that whoever brings it has it, and tells them nothing else.
/// </summary>
internal sealed partial class ObjectReceiver(TimeProvider time, ILogger<ObjectReceiver> logger)
{
    private const int NoSpaceLeft = 28;
    private const int QuotaExceeded = 122;
    private const int FileTooLarge = 27;

    /// <summary>Receives.</summary>
    public async Task<BackendOutcome> ReceiveAsync(AuthorizedGitRequest request, LfsFolder folder, LfsObject brought, GitResponse response)
    {
        try
        {
            IncomingSweep.Sweep(folder, time);
            using var incoming = IncomingObject.Begin(folder);
            if (await ReadAsync(request, brought, incoming) is { } refusal)
            {
                return BackendOutcome.Refused(refusal);
            }

            if (!incoming.TryStore(folder, brought.Id))
            {
                return BackendOutcome.Refused(RefusalTexts.Make(
                    RefusalReason.LfsUnprocessable, "What arrived is not the object that its name says: its SHA-256 is another. It was not kept."));
            }

            folder.MarkHeldBy(brought.Id, request.Caller);
        }
        catch (IOException exception) when (exception.HResult is NoSpaceLeft or QuotaExceeded or FileTooLarge)
        {
            LogNoRoom(logger, request.Request.Id, brought.Size);
            return BackendOutcome.Failed(RefusalTexts.Make(RefusalReason.StorageFull, "This server has no room for the object. Its operator must mend that."));
        }

        response.Start("application/octet-stream", length: 0);
        return BackendOutcome.Served;
    }

    private static async Task<Refusal?> ReadAsync(AuthorizedGitRequest request, LfsObject brought, IncomingObject incoming)
    {
        var body = request.Request.Body.Reader;
        while (true)
        {
            var result = await body.ReadAsync(request.Ended);
            if (incoming.Length + result.Buffer.Length > brought.Size)
            {
                return RefusalTexts.Make(RefusalReason.LfsUnprocessable, $"More arrived than the {brought.Size} bytes of the object that was announced.");
            }

            foreach (var part in result.Buffer)
            {
                await incoming.WriteAsync(part, request.Ended);
            }

            body.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return incoming.Length == brought.Size
                    ? null
                    : RefusalTexts.Make(RefusalReason.LfsUnprocessable, $"{incoming.Length} bytes arrived, and the object that was announced has {brought.Size}.");
            }
        }
    }

    [LoggerMessage(1, LogLevel.Error, "There was no room for a Git LFS object of {Size} bytes, request {RequestId}.")]
    private static partial void LogNoRoom(ILogger logger, string requestId, long size);
}
