using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Fetches;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Pushes;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Host;

/// <summary>Bare repositories on this machine's disk, served through the <c>git</c> program. What starts git waits for a place; what is known without it does not.</summary>
internal sealed class HostBackend(
    RepositoryStore store,
    AdvertisementHandler advertisements,
    FetchHandler fetches,
    PushHandler pushes,
    GitProcessLimiter limiter) : IGitBackend
{
    /// <inheritdoc/>
    public ValueTask<BackendRepository?> FindAsync(RepositoryPath repository, bool mustBeCertain, CancellationToken cancellationToken) =>
        ValueTask.FromResult<BackendRepository?>(store.TryOpen(repository));

    /// <inheritdoc/>
    public RepositoryPath? RenamedTo(RepositoryPath repository) => null;

    /// <inheritdoc/>
    public Task<BackendOutcome> AdvertiseAsync(AuthorizedGitRequest request, GitResponse response) =>
        advertisements.TryAdvertise(request, response)
            ?? LimitedAsync(request, () => advertisements.AdvertiseAsync(request, response));

    /// <inheritdoc/>
    public Task<BackendOutcome> ListRefsAsync(AuthorizedGitRequest request, LsRefsRequest listing, GitResponse response) =>
        advertisements.TryListRefs(request, listing, response)
            ?? LimitedAsync(request, () => advertisements.ListRefsAsync(request, listing, response));

    /// <inheritdoc/>
    public Task<BackendOutcome> FetchAsync(AuthorizedGitRequest request, GitResponse response) =>
        fetches.FetchAsync(request, response);

    /// <inheritdoc/>
    public Task<BackendOutcome> PushAsync(AuthorizedPush push, GitResponse response) =>
        LimitedAsync(push.Request, () => pushes.PushAsync(push, response));

    /// <summary>The directory of the repository that was found for a request.</summary>
    internal static RepositoryFolder FolderOf(AuthorizedGitRequest request) => (RepositoryFolder)request.Found!;

    private async Task<BackendOutcome> LimitedAsync(AuthorizedGitRequest request, Func<Task<BackendOutcome>> operation)
    {
        using var slot = await limiter.AcquireAsync(request.Ended);
        return slot is null ? BackendOutcome.Failed(RefusalTexts.Busy()) : await operation();
    }
}
