using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Host.Advertisements;

/// <summary>
/// Answers what asks for refs. The refs and capabilities are git's own; what the caller may not see is left out, and the
/// rest written as git would.
/// </summary>
internal sealed class AdvertisementHandler(RepositoryStore store, RefReader refs, RepositoryFacts facts, EmptyRepository empty)
{
    /// <summary>Answers <c>info/refs</c>.</summary>
    public async Task<BackendOutcome> AdvertiseAsync(AuthorizedGitRequest request, GitResponse response)
    {
        var service = request.Request.Route.Service;
        var directory = request.RepositoryExists
            ? store.Locate(request.Repository) ?? throw new IOException("The repository was deleted meanwhile.")
            : await empty.LocateAsync(request.Ended);
        var known = await facts.GetAsync(directory, request.Ended);
        if (service == GitService.UploadPack && request.Request.Protocol == GitProtocolVersion.V2)
        {
            response.Start(service.AdvertisementContentType());
            (request.SeesEveryRef ? known.Version2 : RestrictedCapabilities.Of(known.Version2)).WriteTo(response);
            return BackendOutcome.Served;
        }

        var snapshot = service == GitService.UploadPack
            ? (await refs.ReadForFetchAsync(directory, request.Ended)).ForFetch(request)
            : (await refs.ReadForPushAsync(directory, request.Ended)).ForPush(request);
        var capabilities = service == GitService.UploadPack ? known.UploadPack : known.ReceivePack;
        if (capabilities is null && snapshot.Entries.Any(entry => entry.Id is not null))
        {
            // A first push came between the two looks.
            capabilities = (await facts.GetAsync(directory, request.Ended)).UploadPack
                ?? throw new IOException("The repository has refs, and git advertises none.");
        }

        response.Start(service.AdvertisementContentType());
        if (capabilities is null)
        {
            RefAdvertisementWriter.WriteNothing(response, service, request.Request.Protocol);
            return BackendOutcome.Served;
        }

        RefAdvertisementWriter.Write(
            response,
            service,
            request.Request.Protocol,
            snapshot,
            request.SeesEveryRef ? capabilities : RestrictedCapabilities.Of(capabilities));
        return BackendOutcome.Served;
    }

    /// <summary>Answers <c>ls-refs</c>.</summary>
    public async Task<BackendOutcome> ListRefsAsync(AuthorizedGitRequest request, LsRefsRequest listing, GitResponse response)
    {
        var directory = store.Locate(request.Repository) ?? throw new IOException("The repository was deleted meanwhile.");
        var snapshot = (await refs.ReadForFetchAsync(directory, request.Ended)).ForFetch(request);
        response.Start(GitService.UploadPack.ResultContentType());
        LsRefsResponseWriter.Write(response, listing, snapshot);
        return BackendOutcome.Served;
    }
}
