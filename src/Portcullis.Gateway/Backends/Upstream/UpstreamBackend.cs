using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Gateway.Backends.Upstream.Fetches;
using Portcullis.Gateway.Backends.Upstream.Pushes;
using Portcullis.Gateway.Requests;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.Names;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>Repositories on a Git server elsewhere. Here its failures become what callers are told.</summary>
/// <param name="site">The upstream.</param>
/// <param name="before">The upstreams that come first: what one of them matches is not served by this one.</param>
/// <param name="refs">Reads what it says of its repositories.</param>
/// <param name="advertisements">Answers what asks for refs.</param>
/// <param name="fetches">Has packs served.</param>
/// <param name="pushes">Hands pushes on.</param>
/// <param name="logger">Told what an operator should know.</param>
internal sealed partial class UpstreamBackend(
    UpstreamSite site,
    IReadOnlyList<UpstreamDefinition> before,
    UpstreamRefs refs,
    UpstreamAdvertisementHandler advertisements,
    UpstreamFetchHandler fetches,
    UpstreamPushHandler pushes,
    ILogger<UpstreamBackend> logger) : IGitBackend, IDisposable
{
    private readonly RenamedRepositories renamed = new();

    /// <summary>The upstream.</summary>
    public UpstreamSite Site => site;

    /// <summary>Whether a repository is served from there.</summary>
    public bool Serves(RepositoryPath repository) => site.Definition.Match.IsMatch(repository);

    /// <inheritdoc/>
    public async ValueTask<BackendRepository?> FindAsync(RepositoryPath repository, bool mustBeCertain, CancellationToken cancellationToken)
    {
        if (!mustBeCertain)
        {
            return BackendRepository.Elsewhere;
        }

        try
        {
            return await refs.ExistsAsync(site, repository, cancellationToken) ? BackendRepository.Elsewhere : null;
        }
        catch (UpstreamException exception) when (exception.Renamed is not null)
        {
            // It is there, under another name: whoever serves the request finds out what that means.
            return BackendRepository.Elsewhere;
        }
        catch (UpstreamException exception)
        {
            LogFailed(logger, exception, site.Definition.Name, repository.Value, exception.Failure, "-");
            throw new BackendFailedException(UpstreamRefusals.For(site.Definition, exception, "-"), exception);
        }
    }

    /// <inheritdoc/>
    public RepositoryPath? RenamedTo(RepositoryPath repository) => renamed.Find(repository);

    /// <inheritdoc/>
    public Task<BackendOutcome> AdvertiseAsync(AuthorizedGitRequest request, GitResponse response) =>
        GuardedAsync(request, response, async () =>
        {
            // Where the upstream has something by this name again, that is meant.
            var outcome = await advertisements.AdvertiseAsync(site, request, response);
            renamed.Forget(request.Repository);
            return outcome;
        });

    /// <inheritdoc/>
    public Task<BackendOutcome> ListRefsAsync(AuthorizedGitRequest request, LsRefsRequest listing, GitResponse response) =>
        GuardedAsync(request, response, () => advertisements.ListRefsAsync(site, request, listing, response));

    /// <inheritdoc/>
    public Task<BackendOutcome> FetchAsync(AuthorizedGitRequest request, GitResponse response) =>
        GuardedAsync(request, response, () => fetches.FetchAsync(site, request, response));

    /// <inheritdoc/>
    public Task<BackendOutcome> PushAsync(AuthorizedPush push, GitResponse response) =>
        GuardedAsync(push.Request, response, () => pushes.PushAsync(site, push, response));

    /// <inheritdoc/>
    public void Dispose() => site.Dispose();

    private async Task<BackendOutcome> GuardedAsync(AuthorizedGitRequest request, GitResponse response, Func<Task<BackendOutcome>> operation)
    {
        try
        {
            return await operation();
        }
        catch (UpstreamException exception)
        {
            LogFailed(logger, exception, site.Definition.Name, request.Repository.Value, exception.Failure, request.Request.Id);
            if (response.HasStarted)
            {
                response.Abort();
                return BackendOutcome.Cut(UpstreamRefusals.Code(exception.Failure));
            }

            return BackendOutcome.Failed(UpstreamRefusals.For(site.Definition, exception, request.Request.Id) with
            {
                IsErrorLine = request.Request.Route.Operation == GitOperation.Fetch,
            }) with
            {
                RenamedTo = Learn(request.Repository, exception),
            };
        }
    }

    // A name here that means what the upstream says: one that none of those before this one serves.
    private RepositoryPath? Learn(RepositoryPath repository, UpstreamException exception)
    {
        if (exception.Renamed is not { } name || !Serves(name) || before.Any(definition => definition.Match.IsMatch(name)))
        {
            return null;
        }

        renamed.Keep(repository, name);
        return name;
    }

    [LoggerMessage(1, LogLevel.Warning, "Upstream {Upstream} could not be used for {Repository}: {Failure}, request {RequestId}.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string upstream, string repository, UpstreamFailure failure, string requestId);
}
