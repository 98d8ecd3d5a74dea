using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Requests;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends;

/// <summary>
/// What serves a Git request that may be served: repositories on disk, or a server elsewhere. It takes authorized requests
/// alone, knows neither tokens nor policy, and gives back what happened as a value.
/// </summary>
internal interface IGitBackend
{
    /// <summary>Finds a repository that exists, or must be taken for existing until the operation shows otherwise with <see cref="BackendOutcome.Missing"/>.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="mustBeCertain">Whether an answer that would cost a look elsewhere is worth it.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>What was found, to be disposed of when the request ends; null where there is none.</returns>
    ValueTask<BackendRepository?> FindAsync(RepositoryPath repository, bool mustBeCertain, CancellationToken cancellationToken);

    /// <summary>The name that a repository has by now, as far as a discovery found out that it has another one; null where it did not.</summary>
    RepositoryPath? RenamedTo(RepositoryPath repository);

    /// <summary>Answers <c>info/refs</c>, of any protocol version and for either service.</summary>
    Task<BackendOutcome> AdvertiseAsync(AuthorizedGitRequest request, GitResponse response);

    /// <summary>Answers <c>ls-refs</c> of protocol version 2.</summary>
    Task<BackendOutcome> ListRefsAsync(AuthorizedGitRequest request, LsRefsRequest listing, GitResponse response);

    /// <summary>Answers any other request to <c>git-upload-pack</c>.</summary>
    Task<BackendOutcome> FetchAsync(AuthorizedGitRequest request, GitResponse response);

    /// <summary>Carries out a push.</summary>
    Task<BackendOutcome> PushAsync(AuthorizedPush push, GitResponse response);
}
