using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Refusals;

/// <summary>What a request line that is no smart HTTP is told, in one sentence.</summary>
internal static class RouteRefusals
{
    /// <summary>The refusal for a problem.</summary>
    public static Refusal For(GitRouteResult result) => result.Problem switch
    {
        RouteProblem.BadRepositoryPath => RefusalTexts.Make(RefusalReason.PathInvalid, $"This path can't be a repository: {result.Detail}"),
        RouteProblem.DumbHttp or RouteProblem.ServiceMissing => RefusalTexts.Make(
            RefusalReason.DumbHttp, "The dumb HTTP protocol is not served, since it knows no permissions by ref; any Git of the last decade speaks the smart one."),
        RouteProblem.UnknownService => RefusalTexts.Make(
            RefusalReason.ActionNotAllowed, "The service must be git-upload-pack or git-receive-pack, written just so.") with { Code = "service_unknown" },
        RouteProblem.Query => RefusalTexts.Make(RefusalReason.ProtocolError, "The query must be service=git-upload-pack or service=git-receive-pack, and nothing else."),
        RouteProblem.MethodNotAllowed => RefusalTexts.Make(RefusalReason.MethodNotAllowed, $"This path takes {result.AllowedMethod} alone.") with { Allow = result.AllowedMethod },
        RouteProblem.ContentType => RefusalTexts.Make(RefusalReason.ContentTypeWrong, "The Content-Type must be that of the Git service that is asked for."),
        _ => RefusalTexts.Make(RefusalReason.PathUnknown, "Nothing is served here. A repository's address is this server's, followed by the repository's path."),
    };
}
