using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Fetches;

/// <summary>Has packs served by the upstream, streamed both ways untouched to who sees every ref.</summary>
internal sealed class UpstreamFetchHandler(GatewayOptions options)
{
    /// <summary>Serves a request to <c>git-upload-pack</c>.</summary>
    public async Task<BackendOutcome> FetchAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response)
    {
        if (!request.SeesEveryRef)
        {
            return BackendOutcome.Refused(RefusalTexts.Make(
                RefusalReason.ActionNotAllowed, "From a server behind this one only those may fetch who may pull every ref of the repository."));
        }

        var (answer, isTooLarge) = await site.ForwardAsync(request, ReadOnlyMemory<byte>.Empty, options.MaxFetchRequestBytes);
        if (isTooLarge)
        {
            return BackendOutcome.Failed(RefusalTexts.TooLarge($"A request for a fetch may hold {options.MaxFetchRequestBytes >> 20} MiB at most."));
        }

        if (answer is null)
        {
            return BackendOutcome.Missing;
        }

        using (answer)
        {
            await answer.CopyToAsync(response, GitService.UploadPack.ResultContentType());
        }

        return BackendOutcome.Served;
    }
}
