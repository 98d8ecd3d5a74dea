using System.Buffers;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Host.Advertisements;

/// <summary>
/// Answers what asks for refs. The capabilities are git's own, and the refs are what git would say; what the caller may not see is left out, and the rest written as
/// git would. Each question is answered from what is known and provably still true, if it can be, without starting git.
/// </summary>
internal sealed class AdvertisementHandler(RefReader refs, RepositoryFacts facts, EmptyRepository empty)
{
    /// <summary>Answers <c>info/refs</c> without starting git; null, with nothing written, when it can't.</summary>
    public Task<BackendOutcome>? TryAdvertise(AuthorizedGitRequest request, GitResponse response)
    {
        if (request.RepositoryExists)
        {
            return TryAdvertise(request, response, HostBackend.FolderOf(request));
        }

        using var nothing = empty.TryOpen();
        return nothing is null ? null : TryAdvertise(request, response, nothing);
    }

    /// <summary>Answers <c>info/refs</c>.</summary>
    public async Task<BackendOutcome> AdvertiseAsync(AuthorizedGitRequest request, GitResponse response)
    {
        var directory = request.RepositoryExists ? HostBackend.FolderOf(request).Path : await empty.LocateAsync(request.Ended);
        var known = await facts.GetAsync(directory, request.Ended);
        if (IsVersion2(request))
        {
            return WriteVersion2(request, response, known);
        }

        if (request.Request.Route.Service == GitService.ReceivePack)
        {
            return await SendAsync(request, response, await refs.ReadForPushAsync(directory, request.Ended), known.ReceivePack);
        }

        var all = await refs.ReadForFetchAsync(directory, request.Ended);
        if (IsUnsure(known, all))
        {
            known = await facts.ReadAsync(directory, request.Ended);
        }

        return await SendAsync(request, response, all, known.UploadPack);
    }

    /// <summary>Answers <c>ls-refs</c> without starting git; null, with nothing written, when it can't.</summary>
    public Task<BackendOutcome>? TryListRefs(AuthorizedGitRequest request, LsRefsRequest listing, GitResponse response)
    {
        // The client may have taken its time to say which.
        var folder = HostBackend.FolderOf(request);
        folder.Look();
        return facts.TryGet(folder) is { } known && refs.TryReadForFetch(folder, known) is { } all ? SendAsync(request, listing, response, all) : null;
    }

    /// <summary>Answers <c>ls-refs</c>.</summary>
    public async Task<BackendOutcome> ListRefsAsync(AuthorizedGitRequest request, LsRefsRequest listing, GitResponse response) =>
        await SendAsync(request, listing, response, await refs.ReadForFetchAsync(HostBackend.FolderOf(request).Path, request.Ended));

    private Task<BackendOutcome>? TryAdvertise(AuthorizedGitRequest request, GitResponse response, RepositoryFolder folder)
    {
        if (facts.TryGet(folder) is not { } known)
        {
            return null;
        }

        if (IsVersion2(request))
        {
            return Task.FromResult(WriteVersion2(request, response, known));
        }

        var isFetch = request.Request.Route.Service == GitService.UploadPack;
        var all = isFetch ? refs.TryReadForFetch(folder, known) : refs.TryReadForPush(folder, known);
        return all is null || (isFetch && IsUnsure(known, all)) ? null : SendAsync(request, response, all, isFetch ? known.UploadPack : known.ReceivePack);
    }

    private static bool IsVersion2(AuthorizedGitRequest request) =>
        request.Request.Route.Service == GitService.UploadPack && request.Request.Protocol == GitProtocolVersion.V2;

    // git before 2.41 says nothing of a repository without refs, not even what it can do. What was learned when there were refs, or none, does not tell the other case.
    private static bool IsUnsure(RepositoryFacts.Facts known, RefSnapshot all) => known.UploadPack is null == HasRef(all);

    private static bool HasRef(RefSnapshot snapshot) => snapshot.Entries.Length > (snapshot.Head is { Id: null } ? 1 : 0);

    private static BackendOutcome WriteVersion2(AuthorizedGitRequest request, GitResponse response, RepositoryFacts.Facts known)
    {
        var capabilities = request.SeesEveryRef ? known.Version2 : known.RestrictedVersion2;
        response.Start(GitService.UploadPack.AdvertisementContentType(), length: capabilities.Length);
        response.Write(capabilities);
        return BackendOutcome.Served;
    }

    private static async Task<BackendOutcome> SendAsync(AuthorizedGitRequest request, GitResponse response, RefSnapshot all, CapabilityList? capabilities)
    {
        var (service, version) = (request.Request.Route.Service, request.Request.Protocol);
        var answer = new PieceBuffer();
        if (capabilities is null)
        {
            RefAdvertisementWriter.WriteNothing(answer, service, version);
        }
        else
        {
            RefAdvertisementWriter.Write(
                answer,
                service,
                version,
                service == GitService.UploadPack ? all.ForFetch(request) : all.ForPush(request),
                request.SeesEveryRef ? capabilities : RestrictedCapabilities.Of(capabilities));
        }

        await response.SendAsync(service.AdvertisementContentType(), answer, request.Ended);
        return BackendOutcome.Served;
    }

    private static async Task<BackendOutcome> SendAsync(AuthorizedGitRequest request, LsRefsRequest listing, GitResponse response, RefSnapshot all)
    {
        var answer = new PieceBuffer();
        LsRefsResponseWriter.Write(answer, listing, all.ForFetch(request));
        await response.SendAsync(GitService.UploadPack.ResultContentType(), answer, request.Ended);
        return BackendOutcome.Served;
    }
}
