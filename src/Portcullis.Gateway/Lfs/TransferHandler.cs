using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Lfs;

/// <summary>Moves single objects (git-lfs, docs/api/basic-transfers.md). Whether they may be moved was decided by the batch, whose credential came with the request.</summary>
internal sealed class TransferHandler(ILfsBackend backend)
{
    /// <summary>Sends an object, or a part of it.</summary>
    public Task<BackendOutcome> DownloadAsync(AuthorizedGitRequest request, GitResponse response) =>
        backend.DownloadAsync(request, TransferOf(request, LfsDirection.Download), response);

    /// <summary>Takes an object.</summary>
    public async Task<BackendOutcome> UploadAsync(AuthorizedGitRequest request, GitResponse response)
    {
        var brought = TransferOf(request, LfsDirection.Upload);

        // Before any byte of it: a client that announces another length has another object.
        return request.Request.ContentLength is { } length && length != brought.Size
            ? BackendOutcome.Refused(RefusalTexts.Make(RefusalReason.LfsUnprocessable, $"The body has {length} bytes, and the object that was announced {brought.Size}."))
            : await backend.UploadAsync(request, brought, response);
    }

    /// <summary>Says whether an upload arrived whole.</summary>
    public async Task<BackendOutcome> VerifyAsync(AuthorizedGitRequest request, GitResponse response)
    {
        var announced = TransferOf(request, LfsDirection.Upload);
        var asked = LfsVerifyRequest.Parse((await LfsBody.ReadAsync(request)).Span);
        if (asked != announced)
        {
            return BackendOutcome.Refused(RefusalTexts.Make(RefusalReason.LfsUnprocessable, "This is not the object that was announced."));
        }

        if (await backend.VerifyAsync(request, asked) is { } refusal)
        {
            return BackendOutcome.Refused(refusal);
        }

        LfsAnswer.Write(response, json =>
        {
            json.WriteString("oid", asked.Id.ToString());
            json.WriteNumber("size", asked.Size);
        });
        return BackendOutcome.Served;
    }

    private static LfsObject TransferOf(AuthorizedGitRequest request, LfsDirection direction) =>
        request.Transfer is { } transfer && transfer.Direction == direction
            ? transfer.Object
            : throw new InvalidOperationException("A transfer is authenticated by its own credential alone.");
}
