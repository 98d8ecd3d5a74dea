using Portcullis.Git.Names;

namespace Portcullis.Git.SmartHttp;

/// <summary>What the request line means. After this nobody looks at path or query again.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Service">The service, from the query for <see cref="GitOperation.Discover"/> and from the path otherwise.</param>
/// <param name="Operation">The operation.</param>
public sealed record GitRoute(RepositoryPath Repository, GitService Service, GitOperation Operation);
