using System.Buffers;
using Portcullis.Access.Decisions;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Advertisements;

/// <summary>Answers what asks for refs: as the upstream does to who sees every ref, and otherwise without what the caller may not see.</summary>
internal sealed class UpstreamAdvertisementHandler(UpstreamRefs refs)
{
    /// <summary>Answers <c>info/refs</c>.</summary>
    public async Task<BackendOutcome> AdvertiseAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response)
    {
        var service = request.Request.Route.Service;
        if (service == GitService.ReceivePack)
        {
            return await AdvertiseForPushAsync(site, request, response);
        }

        if (request.SeesEveryRef)
        {
            using var answer = await site.DiscoverAsync(request.Repository, service, request.Request.Protocol, request.Ended);
            if (answer is null)
            {
                return BackendOutcome.Missing;
            }

            await answer.CopyToAsync(response, service.AdvertisementContentType());
            return BackendOutcome.Served;
        }

        using var discovery = await refs.DiscoverAsync(site, request.Repository, request.Request.Protocol, request.Ended);
        if (discovery is null)
        {
            return BackendOutcome.Missing;
        }

        var shown = new PieceBuffer();
        if (discovery.Refs is { } all)
        {
            // A client that asked for version 2 takes 0 from a server that knows no other.
            var version = request.Request.Protocol == GitProtocolVersion.V2 ? GitProtocolVersion.V0 : request.Request.Protocol;
            RefAdvertisementWriter.Write(shown, service, version, all.ForFetch(request), RestrictedCapabilities.Of(discovery.Facts.Version0));
        }
        else
        {
            RestrictedCapabilities.Of(discovery.Facts.Version2!).WriteTo(shown);
        }

        await response.SendAsync(service.AdvertisementContentType(), shown, request.Ended);
        return BackendOutcome.Served;
    }

    /// <summary>Answers <c>ls-refs</c>.</summary>
    public async Task<BackendOutcome> ListRefsAsync(UpstreamSite site, AuthorizedGitRequest request, LsRefsRequest listing, GitResponse response)
    {
        var contentType = GitService.UploadPack.ResultContentType();
        if (request.SeesEveryRef)
        {
            var body = new ArrayBufferWriter<byte>(512);
            listing.Source!.WriteTo(body);
            using var answer = await site.SendAsync(request.Repository, GitService.UploadPack, GitProtocolVersion.V2, body.WrittenMemory, request.Ended);
            if (answer is null)
            {
                return BackendOutcome.Missing;
            }

            await answer.CopyToAsync(response, contentType);
            return BackendOutcome.Served;
        }

        using var all = await refs.ReadForFetchAsync(site, request.Repository, listing.Prefixes, request.Ended);
        if (all is null)
        {
            return BackendOutcome.Missing;
        }

        var shown = new PieceBuffer();
        LsRefsResponseWriter.Write(shown, listing, all.Refs.ForFetch(request));
        await response.SendAsync(contentType, shown, request.Ended);
        return BackendOutcome.Served;
    }

    private async Task<BackendOutcome> AdvertiseForPushAsync(UpstreamSite site, AuthorizedGitRequest request, GitResponse response)
    {
        // git knows no other versions of pushes: it answers 0 to who asks for 2.
        var version = request.Request.Protocol == GitProtocolVersion.V1 ? GitProtocolVersion.V1 : GitProtocolVersion.V0;
        using var read = await refs.ReadForPushAsync(site, request.Repository, version, request.Ended);
        if (read is null)
        {
            return BackendOutcome.Missing;
        }

        var advertisement = read.Parsed;
        var shown = advertisement.Refs.ForPush(request);
        var isProofNeeded = MayNeedProof(request, shown);
        var answer = new PieceBuffer();
        if (request.SeesEveryRef && !isProofNeeded)
        {
            answer.Append(read.Bytes);
        }
        else
        {
            // What is looked at here must not lean on objects that only the upstream has (gitprotocol-capabilities, "no-thin").
            var capabilities = isProofNeeded ? advertisement.Capabilities.Without("no-thin").With("no-thin") : advertisement.Capabilities;
            RefAdvertisementWriter.Write(
                answer, GitService.ReceivePack, version, shown, request.SeesEveryRef ? capabilities : RestrictedCapabilities.Of(capabilities));
        }

        // While it is sent, at the client's pace, the list counts against the budget.
        await response.SendAsync(GitService.ReceivePack.AdvertisementContentType(), answer, request.Ended);
        return BackendOutcome.Served;
    }

    // Whether a push could come that objects must be looked at for (AuthorizedPush.NeedsInspection).
    private static bool MayNeedProof(AuthorizedGitRequest request, RefSnapshot shown) =>
        !request.SeesEveryRef
        || shown.Entries.Any(entry => entry.Name is { } name
            && request.Decide(RequiredAction.ForMove(name, isFastForward: true), name).IsAllowed
                != request.Decide(RequiredAction.ForMove(name, isFastForward: false), name).IsAllowed);
}
