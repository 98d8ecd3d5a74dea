using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends;

/// <summary>Chooses who keeps the Git LFS objects of a repository: as <see cref="BackendRouter"/> chooses who keeps the repository.</summary>
internal sealed class LfsBackendRouter(HostLfsBackend host, IReadOnlyList<UpstreamBackend> upstreams) : ILfsBackend
{
    /// <inheritdoc/>
    public Task<(IReadOnlyList<LfsObjectState>? States, Refusal? Refusal)> FindAsync(AuthorizedGitRequest request, LfsBatchRequest batch) =>
        For(request.Repository).FindAsync(request, batch);

    /// <inheritdoc/>
    public Task<BackendOutcome> DownloadAsync(AuthorizedGitRequest request, LfsObject wanted, GitResponse response) =>
        For(request.Repository).DownloadAsync(request, wanted, response);

    /// <inheritdoc/>
    public Task<BackendOutcome> UploadAsync(AuthorizedGitRequest request, LfsObject brought, GitResponse response) =>
        For(request.Repository).UploadAsync(request, brought, response);

    /// <inheritdoc/>
    public Task<Refusal?> VerifyAsync(AuthorizedGitRequest request, LfsObject brought) => For(request.Repository).VerifyAsync(request, brought);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LfsLock>> ListLocksAsync(AuthorizedGitRequest request) => For(request.Repository).ListLocksAsync(request);

    /// <inheritdoc/>
    public Task<(LfsLock Lock, bool IsMade)> LockAsync(AuthorizedGitRequest request, LfsLock wanted) => For(request.Repository).LockAsync(request, wanted);

    /// <inheritdoc/>
    public Task<bool> UnlockAsync(AuthorizedGitRequest request, LfsLock condemned) => For(request.Repository).UnlockAsync(request, condemned);

    private HostLfsBackend For(RepositoryPath repository) => upstreams.Any(upstream => upstream.Serves(repository))
        ? throw new BackendFailedException(RefusalTexts.Make(RefusalReason.PathUnknown, "Git LFS is not served here for the repositories of a server elsewhere."), new NotSupportedException())
        : host;
}
