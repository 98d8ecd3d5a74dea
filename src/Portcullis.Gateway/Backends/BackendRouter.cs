using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Requests;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends;

/// <summary>Chooses the backend by the repository: the first upstream that matches, and otherwise this machine's disk.</summary>
internal sealed class BackendRouter(HostBackend host, IReadOnlyList<UpstreamBackend> upstreams) : IGitBackend, IDisposable
{
    /// <inheritdoc/>
    public ValueTask<BackendRepository?> FindAsync(RepositoryPath repository, bool mustBeCertain, CancellationToken cancellationToken) =>
        For(repository).FindAsync(repository, mustBeCertain, cancellationToken);

    /// <inheritdoc/>
    public RepositoryPath? RenamedTo(RepositoryPath repository) => For(repository).RenamedTo(repository);

    /// <inheritdoc/>
    public Task<BackendOutcome> AdvertiseAsync(AuthorizedGitRequest request, GitResponse response) => For(request.Repository).AdvertiseAsync(request, response);

    /// <inheritdoc/>
    public Task<BackendOutcome> ListRefsAsync(AuthorizedGitRequest request, LsRefsRequest listing, GitResponse response) =>
        For(request.Repository).ListRefsAsync(request, listing, response);

    /// <inheritdoc/>
    public Task<BackendOutcome> FetchAsync(AuthorizedGitRequest request, GitResponse response) => For(request.Repository).FetchAsync(request, response);

    /// <inheritdoc/>
    public Task<BackendOutcome> PushAsync(AuthorizedPush push, GitResponse response) => For(push.Request.Repository).PushAsync(push, response);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var upstream in upstreams)
        {
            upstream.Dispose();
        }
    }

    private IGitBackend For(RepositoryPath repository)
    {
        foreach (var upstream in upstreams)
        {
            if (upstream.Serves(repository))
            {
                return upstream;
            }
        }

        return host;
    }
}
