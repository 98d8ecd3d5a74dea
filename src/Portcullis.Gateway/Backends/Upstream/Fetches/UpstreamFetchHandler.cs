using System.Buffers;
using System.Security.Cryptography;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Fetches;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Backends.PackCache;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Gateway.Backends.Upstream.Connections;
using Portcullis.Gateway.Backends.Upstream.Mirrors;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.Names;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Fetches;

/// <summary>Has packs served by the upstream: streamed both ways untouched to who sees every ref, and after <see cref="FetchJudge"/> to others.</summary>
internal sealed class UpstreamFetchHandler(
    UpstreamRefs refs,
    MirrorStore mirrors,
    ReachableObjects reachable,
    FetchJudge judge,
    AnswerCache cache,
    GitProcessLimiter limiter,
    GatewayOptions options)
{
    // A clone of tens of thousands of refs. Longer requests hold a long negotiation, which hardly another has.
    private const int MaxNamedRequestBytes = 1 << 20;

    // A negotiation of a thousand commits.
    private const int MaxHeldRequestBytes = 64 << 10;

    private static readonly string ContentType = GitService.UploadPack.ResultContentType();

    /// <summary>Serves a request to <c>git-upload-pack</c>.</summary>
    public Task<BackendOutcome> FetchAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response) =>
        !request.SeesEveryRef ? JudgeAsync(site, request, response)
        : IsKept(site) ? AnswerAsync(site, request, response)
        : ForwardAsync(site, request, response);

    private bool IsKept(UpstreamSite site) => site.Definition.KeepsAnswers && cache.IsEnabled;

    private async Task<BackendOutcome> ForwardAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response)
    {
        // Hardly a request is larger. It goes up with its length, and can be sent once more where that is allowed.
        if (await BodyReader.TryTakeAsync(request.Request.Body.Reader, Math.Min(MaxHeldRequestBytes, options.MaxFetchRequestBytes), request.Ended) is { } body)
        {
            return await SendAsync(site, request, body, response);
        }

        var (answer, isTooLarge) = await site.ForwardAsync(request, ReadOnlyMemory<byte>.Empty, options.MaxFetchRequestBytes);
        return isTooLarge
            ? BackendOutcome.Failed(RefusalTexts.TooLarge($"A request for a fetch may hold {options.MaxFetchRequestBytes >> 20} MiB at most."))
            : await CopyAsync(answer, response);
    }

    private async Task<BackendOutcome> AnswerAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response)
    {
        if (await BodyReader.TryTakeAsync(request.Request.Body.Reader, Math.Min(MaxNamedRequestBytes, options.MaxFetchRequestBytes), request.Ended) is not { } body)
        {
            return await ForwardAsync(site, request, response);
        }

        if (FetchKey.Of(string.Empty, request.SeesEveryRef, request.Request.Protocol, body) is null)
        {
            return await SendAsync(site, request, body, response);
        }

        using var current = await refs.ReadForFetchAsync(site, request.Repository, [], request.Ended);
        if (current is null)
        {
            return BackendOutcome.Missing;
        }

        var state = StateOf(site, request.Repository, current.Refs);
        current.Dispose();
        return await SendKeptAsync(site, request, body, state, response);
    }

    private async Task<BackendOutcome> SendAsync(UpstreamSite site, AuthorizedGitRequest request, ReadOnlyMemory<byte> body, GitResponse response) =>
        await CopyAsync(await site.SendAsync(request.Repository, GitService.UploadPack, request.Request.Protocol, body, request.Ended), response);

    // Whoever comes here may have what the request asks for. The state names the refs that the upstream has now, so that what was answered over others is never sent;
    // null where nothing is kept.
    private async Task<BackendOutcome> SendKeptAsync(
        UpstreamSite site, AuthorizedGitRequest request, ReadOnlyMemory<byte> body, string? state, GitResponse response)
    {
        if (state is null)
        {
            return await SendAsync(site, request, body, response);
        }

        var version = request.Request.Protocol;
        var repository = request.Repository;
        if ((version != GitProtocolVersion.V2 && body.Span.IndexOf("side-band"u8) < 0) || FetchKey.Of(state, request.SeesEveryRef, version, body) is not { } key)
        {
            return await SendAsync(site, request, body, response);
        }

        var (reader, isMade) = cache.JoinOrMake(key, async kept =>
        {
            using var answer = await site.SendAsync(repository, GitService.UploadPack, version, body, kept.Abandoned);
            if (answer is null)
            {
                return BackendOutcome.Missing;
            }

            var outcome = await AnswerCopy.RunAsync(answer, kept);
            if (!await IsStillAsync(site, repository, state, kept.Abandoned))
            {
                // A ref moved while the upstream answered: a ref that is wanted by its name could belong to what it was, or to what it is now.
                kept.Drop();
            }

            return outcome;
        });
        UpstreamMetrics.Kept(site.Definition.Name, isHit: reader is not null && !isMade);
        using (reader)
        {
            return reader is null ? await SendAsync(site, request, body, response) : await reader.SendAsync(response, ContentType, request.Ended);
        }
    }

    private async Task<bool> IsStillAsync(UpstreamSite site, RepositoryPath repository, string state, CancellationToken cancellationToken)
    {
        try
        {
            using var current = await refs.ReadForFetchAsync(site, repository, [], cancellationToken);
            return current is not null && StateOf(site, repository, current.Refs) == state;
        }
        catch (UpstreamException)
        {
            // The answer is whole, whatever became of the upstream since.
            return false;
        }
    }

    private static string StateOf(UpstreamSite site, RepositoryPath repository, RefSnapshot current)
    {
        var listing = new ArrayBufferWriter<byte>();
        LsRefsResponseWriter.Write(listing, LsRefsRequest.Everything, current);
        return $"{UpstreamRepository.Of(site.Definition, repository).Url.AbsoluteUri}\n{Convert.ToHexStringLower(SHA256.HashData(listing.WrittenSpan))}";
    }

    private async Task<BackendOutcome> JudgeAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response)
    {
        using var current = await refs.ReadForFetchAsync(site, request.Repository, [], request.Ended);
        if (current is null)
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

            var history = new UpstreamHistory(site, request.Repository, current.Refs, current.Facts, mirrors, reachable);
            (rewritten, var refusal) = await judge.JudgeAsync(request, history);
            if (refusal is not null)
            {
                return BackendOutcome.Refused(refusal);
            }
        }

        var state = IsKept(site) ? StateOf(site, request.Repository, current.Refs) : null;
        current.Dispose();
        return await SendKeptAsync(site, request, rewritten!.Value, state, response);
    }

    private static async Task<BackendOutcome> CopyAsync(UpstreamAnswer? answer, GitResponse response)
    {
        if (answer is null)
        {
            return BackendOutcome.Missing;
        }

        using (answer)
        {
            await answer.CopyToAsync(response, ContentType);
        }

        return BackendOutcome.Served;
    }
}
