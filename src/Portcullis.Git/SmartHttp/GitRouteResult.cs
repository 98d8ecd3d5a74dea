using Portcullis.Git.Names;

namespace Portcullis.Git.SmartHttp;

/// <summary>The reading of a request line.</summary>
public readonly record struct GitRouteResult
{
    private GitRouteResult(GitRoute? route, RouteProblem problem, RepositoryPath? repository, string? detail, string? allowedMethod)
    {
        Route = route;
        Problem = problem;
        Repository = repository;
        Detail = detail;
        AllowedMethod = allowedMethod;
    }

    /// <summary>The route; null exactly when there is a problem.</summary>
    public GitRoute? Route { get; }

    /// <summary>Why there is no route.</summary>
    public RouteProblem Problem { get; }

    /// <summary>The repository that the path names, also when the request is refused for something else; for the audit.</summary>
    public RepositoryPath? Repository { get; }

    /// <summary>For <see cref="RouteProblem.BadRepositoryPath"/>: what is wrong with the path, as a sentence that doesn't repeat it.</summary>
    public string? Detail { get; }

    /// <summary>For <see cref="RouteProblem.MethodNotAllowed"/>: the value of <c>Allow</c>.</summary>
    public string? AllowedMethod { get; }

    /// <summary>Whether the path is one of the Git LFS API, so that a refusal is to be JSON.</summary>
    public bool IsLfs { get; private init; }

    internal static GitRouteResult Found(GitRoute route) => new(route, RouteProblem.None, route.Repository, null, null) { IsLfs = route.Operation.IsLfs() };

    internal GitRouteResult OfLfs() => this with { IsLfs = true };

    internal static GitRouteResult Refused(RouteProblem problem, RepositoryPath? repository = null, string? detail = null, string? allowedMethod = null) =>
        new(null, problem, repository, detail, allowedMethod);
}
