using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Gateway.Backends.Upstream.Lfs;
using Portcullis.Gateway.Backends.Upstream.Mirrors;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends;

/// <summary>Chooses who keeps the Git LFS objects of a repository: as <see cref="BackendRouter"/> chooses who keeps the repository.</summary>
internal sealed class LfsBackendRouter(
    HostLfsBackend host,
    IReadOnlyList<UpstreamBackend> upstreams,
    UpstreamRefs refs,
    MirrorStore mirrors,
    ReachablePointers pointers,
    GitProcessLimiter limiter,
    LfsFolders folders,
    GatewayOptions options,
    TimeProvider time,
    ILogger<UpstreamLfsBackend> logger) : ILfsBackend
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

    private ILfsBackend For(RepositoryPath repository) => upstreams.FirstOrDefault(upstream => upstream.Serves(repository)) switch
    {
        null => host,
        { Site.Definition.ServesLfs: true } upstream => new UpstreamLfsBackend(upstream.Site, refs, mirrors, pointers, limiter, folders, options, time, logger),
        _ => throw new BackendFailedException(
            RefusalTexts.Make(RefusalReason.PathUnknown, "Git LFS is not served here for the repositories of this server elsewhere."), new NotSupportedException()),
    };
}
