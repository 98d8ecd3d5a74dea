using Portcullis.Git.Lfs;
using Portcullis.Git.Names;

namespace Portcullis.Git.SmartHttp;

/// <summary>The routes below <c>info/lfs</c>: the Git LFS API (git-lfs, docs/api), and the addresses that this server gives to objects.</summary>
internal static class LfsRoutes
{
    private const string MediaType = "application/vnd.git-lfs+json";

    public static GitRouteResult Read(
        SmartPathKind kind, string method, RepositoryPath repository, ReadOnlySpan<char> name, string? query, string? contentType)
    {
        var route = (kind, method) switch
        {
            (SmartPathKind.LfsBatch, "POST") => new GitRoute(repository, GitService.UploadPack, GitOperation.LfsBatch),
            (SmartPathKind.LfsObject, "GET") => new GitRoute(repository, GitService.UploadPack, GitOperation.LfsDownload),
            (SmartPathKind.LfsObject, "PUT") => new GitRoute(repository, GitService.ReceivePack, GitOperation.LfsUpload),
            (SmartPathKind.LfsObjectVerify, "POST") => new GitRoute(repository, GitService.ReceivePack, GitOperation.LfsVerify),
            (SmartPathKind.LfsLocks, "GET") => new GitRoute(repository, GitService.UploadPack, GitOperation.LfsListLocks),
            (SmartPathKind.LfsLocks, "POST") => new GitRoute(repository, GitService.ReceivePack, GitOperation.LfsLock),
            (SmartPathKind.LfsLocksVerify, "POST") => new GitRoute(repository, GitService.ReceivePack, GitOperation.LfsVerifyLocks),
            (SmartPathKind.LfsUnlock, "POST") => new GitRoute(repository, GitService.ReceivePack, GitOperation.LfsUnlock),
            _ => null,
        };
        if (route is null)
        {
            var allowed = kind switch
            {
                SmartPathKind.LfsObject => "GET, PUT",
                SmartPathKind.LfsLocks => "GET, POST",
                _ => "POST",
            };
            return GitRouteResult.Refused(RouteProblem.MethodNotAllowed, repository, allowedMethod: allowed).OfLfs();
        }

        if (method == "POST" && !IsLfsJson(contentType))
        {
            return GitRouteResult.Refused(RouteProblem.ContentType, repository).OfLfs();
        }

        return route.Operation switch
        {
            GitOperation.LfsListLocks => LfsLockQuery.TryParse(query, out var parsed)
                ? GitRouteResult.Found(route with { LockQuery = parsed })
                : GitRouteResult.Refused(RouteProblem.Query, repository).OfLfs(),
            _ when query is not null => GitRouteResult.Refused(RouteProblem.Query, repository).OfLfs(),
            GitOperation.LfsUnlock => GitRouteResult.Found(route with { LockId = name.ToString() }),
            GitOperation.LfsDownload or GitOperation.LfsUpload or GitOperation.LfsVerify => LfsObjectId.TryParse(name, out var id)
                ? GitRouteResult.Found(route with { LfsObject = id })
                : GitRouteResult.Refused(RouteProblem.NotAGitPath).OfLfs(),
            _ => GitRouteResult.Found(route),
        };
    }

    // docs/api/batch.md: "The client may also include a charset=utf-8 parameter". A browser's form can't send it across origins.
    private static bool IsLfsJson(string? contentType) =>
        contentType is not null
        && (contentType == MediaType
            || (contentType.StartsWith(MediaType + ";", StringComparison.Ordinal)
                && contentType.AsSpan(MediaType.Length + 1).Trim(' ').Equals("charset=utf-8", StringComparison.OrdinalIgnoreCase)));
}
