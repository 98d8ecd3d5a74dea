using System.Buffers;
using System.Globalization;
using Portcullis.Git.Lfs;
using Portcullis.Git.Names;

namespace Portcullis.Git.SmartHttp;

/// <summary>
/// Reads the request line once and strictly; what git never sends is refused, not interpreted. Works on the escaped target: the fixed parts of a route
/// (<c>info/refs</c>, <c>service=git-upload-pack</c>, …) must be spelled literally, since a second spelling is a second reading for someone else
/// (<c>service=git%2dreceive%2dpack</c> once gave readers the receive-pack advertisement of another server).
/// </summary>
public static class RouteParser
{
    /// <summary>The longest request target that is read; a listing of Git LFS locks may have a query of <see cref="LfsLockQuery.MaxLength"/> behind it.</summary>
    public const int MaxTargetLength = 1024;

    // What RepositoryPath allows, without '/' and '.': an escaped separator or dot is a trick, never a client's habit.
    private static readonly SearchValues<char> MayBeEscaped =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~+-");

    /// <summary>Reads a request line.</summary>
    /// <param name="method">The method, as sent.</param>
    /// <param name="rawTarget">Path and query exactly as on the request line, still escaped.</param>
    /// <param name="contentType">The content type header; null when there is none.</param>
    /// <returns>The route, or what is wrong.</returns>
    public static GitRouteResult Parse(string method, string rawTarget, string? contentType)
    {
        if (rawTarget.Length > MaxTargetLength + LfsLockQuery.MaxLength || rawTarget is not ['/', ..])
        {
            return GitRouteResult.Refused(RouteProblem.NotAGitPath);
        }

        var target = rawTarget.AsSpan(1);
        var mark = target.IndexOf('?');
        var path = mark < 0 ? target : target[..mark];
        var kind = path.Length < MaxTargetLength ? SmartPath.Find(path, out var repositoryPart, out var name) : SmartPath.Nothing(out repositoryPart, out name);

        // The names of locked files are in the query of one path alone; every other query is short.
        if (kind == SmartPathKind.None || (kind != SmartPathKind.LfsLocks && rawTarget.Length > MaxTargetLength))
        {
            return GitRouteResult.Refused(RouteProblem.NotAGitPath);
        }

        var isLfs = kind >= SmartPathKind.LfsBatch;
        if (!TryReadRepository(repositoryPart, out var repository, out var detail))
        {
            var bad = GitRouteResult.Refused(kind == SmartPathKind.DumbFile ? RouteProblem.DumbHttp : RouteProblem.BadRepositoryPath, detail: detail);
            return isLfs ? bad.OfLfs() : bad;
        }

        if (isLfs)
        {
            return LfsRoutes.Read(kind, method, repository, name, mark < 0 ? null : target[(mark + 1)..].ToString(), contentType);
        }

        return kind switch
        {
            SmartPathKind.InfoRefs when mark < 0 => GitRouteResult.Refused(RouteProblem.ServiceMissing, repository),
            SmartPathKind.InfoRefs => ReadInfoRefs(method, repository, target[(mark + 1)..]),
            SmartPathKind.UploadPack => ReadPost(method, repository, GitService.UploadPack, hasQuery: mark >= 0, contentType),
            SmartPathKind.ReceivePack => ReadPost(method, repository, GitService.ReceivePack, hasQuery: mark >= 0, contentType),
            SmartPathKind.UploadArchive => GitRouteResult.Refused(RouteProblem.UnknownService, repository),
            _ => GitRouteResult.Refused(RouteProblem.DumbHttp, repository),
        };
    }

    private static GitRouteResult ReadInfoRefs(string method, RepositoryPath repository, ReadOnlySpan<char> query)
    {
        if (!query.StartsWith("service=", StringComparison.Ordinal) || query.ContainsAny('&', ';'))
        {
            return GitRouteResult.Refused(RouteProblem.Query, repository);
        }

        GitService service;
        switch (query["service=".Length..])
        {
            case "git-upload-pack": service = GitService.UploadPack; break;
            case "git-receive-pack": service = GitService.ReceivePack; break;
            default: return GitRouteResult.Refused(RouteProblem.UnknownService, repository);
        }

        return method == "GET"
            ? GitRouteResult.Found(new(repository, service, GitOperation.Discover))
            : GitRouteResult.Refused(RouteProblem.MethodNotAllowed, repository, allowedMethod: "GET");
    }

    private static GitRouteResult ReadPost(string method, RepositoryPath repository, GitService service, bool hasQuery, string? contentType)
    {
        if (method != "POST")
        {
            return GitRouteResult.Refused(RouteProblem.MethodNotAllowed, repository, allowedMethod: "POST");
        }

        if (hasQuery)
        {
            return GitRouteResult.Refused(RouteProblem.Query, repository);
        }

        // Exactly, as check_content_type in http-backend.c; a browser's form can't send it across origins.
        return contentType == service.RequestContentType()
            ? GitRouteResult.Found(new(repository, service, service == GitService.UploadPack ? GitOperation.Fetch : GitOperation.Push))
            : GitRouteResult.Refused(RouteProblem.ContentType, repository);
    }

    private static bool TryReadRepository(ReadOnlySpan<char> escaped, out RepositoryPath repository, out string? detail)
    {
        repository = null!;
        detail = "A repository path holds no escapes but those of letters, digits, '_', '~', '+' and '-'.";
        if (!TryUnescape(escaped, out var text))
        {
            return false;
        }

        if (text.EndsWith(".git", StringComparison.Ordinal))
        {
            text = text[..^".git".Length];
        }

        var isPath = RepositoryPath.TryParse(text, out var path, out detail);
        repository = path!;
        return isPath;
    }

    private static bool TryUnescape(ReadOnlySpan<char> escaped, out string text)
    {
        text = "";
        if (!escaped.Contains('%'))
        {
            text = escaped.ToString();
            return true;
        }

        Span<char> plain = stackalloc char[MaxTargetLength];
        var length = 0;
        for (var i = 0; i < escaped.Length; i++)
        {
            var c = escaped[i];
            if (c == '%')
            {
                if (i + 2 >= escaped.Length || !byte.TryParse(escaped.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b)
                    || !MayBeEscaped.Contains((char)b))
                {
                    return false;
                }

                c = (char)b;
                i += 2;
            }

            plain[length++] = c;
        }

        text = plain[..length].ToString();
        return true;
    }
}
