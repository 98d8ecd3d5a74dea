using Portcullis.Gateway.Auditing;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;
using Portcullis.Git.SmartHttp;
using Portcullis.Tokens;

namespace Portcullis.Gateway.Lfs;

/// <summary>Step 4 for the Git LFS API: batches, transfers and locks.</summary>
internal sealed class LfsServer(BatchHandler batches, TransferHandler transfers, LockHandler locks, GatewayOptions options)
{
    /// <summary>Serves a request.</summary>
    public async Task<BackendOutcome> ServeAsync(AuthorizedGitRequest request, ValidatedToken token, GitTrail trail, GitResponse response)
    {
        if (!options.LfsEnabled)
        {
            return BackendOutcome.Refused(RefusalTexts.Make(RefusalReason.PathUnknown, "Git LFS is not served here."));
        }

        try
        {
            return request.Request.Route.Operation switch
            {
                GitOperation.LfsBatch => await batches.HandleAsync(request, token, trail, response),
                GitOperation.LfsDownload => await transfers.DownloadAsync(request, response),
                GitOperation.LfsUpload => await transfers.UploadAsync(request, response),
                GitOperation.LfsVerify => await transfers.VerifyAsync(request, response),
                GitOperation.LfsListLocks => await locks.ListAsync(request, response),
                GitOperation.LfsVerifyLocks => await locks.ListForPushAsync(request, response),
                GitOperation.LfsLock => await locks.LockAsync(request, trail, response),
                GitOperation.LfsUnlock => await locks.UnlockAsync(request, trail, response),
                _ => throw new InvalidOperationException("This is no operation of Git LFS."),
            };
        }
        catch (LfsFormatException exception)
        {
            return BackendOutcome.Refused(RefusalTexts.Make(
                exception.Problem switch
                {
                    LfsProblem.TooManyObjects => RefusalReason.TooLarge,
                    LfsProblem.HashAlgorithm => RefusalReason.LfsHashAlgorithm,
                    _ => RefusalReason.LfsUnprocessable,
                },
                exception.Message));
        }
    }
}
