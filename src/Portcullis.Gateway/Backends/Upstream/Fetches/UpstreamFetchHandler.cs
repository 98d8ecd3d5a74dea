using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Fetches;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Gateway.Backends.Upstream.Mirrors;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Fetches;

/// <summary>Has packs served by the upstream: streamed both ways untouched to who sees every ref, and after <see cref="FetchJudge"/> to others.</summary>
internal sealed class UpstreamFetchHandler(
    UpstreamRefs refs, MirrorStore mirrors, ReachableObjects reachable, FetchJudge judge, GitProcessLimiter limiter, GatewayOptions options)
{
    /// <summary>Serves a request to <c>git-upload-pack</c>.</summary>
    public Task<BackendOutcome> FetchAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response) =>
        request.SeesEveryRef ? ForwardAsync(site, request, response) : JudgeAsync(site, request, response);

    private async Task<BackendOutcome> ForwardAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response)
    {
        var (answer, isTooLarge) = await site.ForwardAsync(request, ReadOnlyMemory<byte>.Empty, options.MaxFetchRequestBytes);
        return isTooLarge
            ? BackendOutcome.Failed(RefusalTexts.TooLarge($"A request for a fetch may hold {options.MaxFetchRequestBytes >> 20} MiB at most."))
            : await CopyAsync(answer, response);
    }

    private async Task<BackendOutcome> JudgeAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response)
    {
        if (await refs.ReadForFetchAsync(site, request.Repository, [], request.Ended) is not var (current, facts))
        {
            return BackendOutcome.Missing;
        }

        ReadOnlyMemory<byte>? rewritten;
        using (var slot = await limiter.AcquireAsync(request.Ended))
        {
            if (slot is null)
            {
                return BackendOutcome.Failed(RefusalTexts.Busy());
            }

            var history = new UpstreamHistory(site, request.Repository, current, facts, mirrors, reachable);
            (rewritten, var refusal) = await judge.JudgeAsync(request, history);
            if (refusal is not null)
            {
                return BackendOutcome.Refused(refusal);
            }
        }

        var service = request.Request.Route.Service;
        return await CopyAsync(await site.SendAsync(request.Repository, service, request.Request.Protocol, rewritten!.Value, request.Ended), response);
    }

    private static async Task<BackendOutcome> CopyAsync(UpstreamAnswer? answer, GitResponse response)
    {
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
