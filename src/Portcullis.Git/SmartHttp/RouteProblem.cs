namespace Portcullis.Git.SmartHttp;

/// <summary>Why a request line is not smart HTTP.</summary>
public enum RouteProblem
{
    /// <summary>It is.</summary>
    None,

    /// <summary>The path ends in nothing that git asks for.</summary>
    NotAGitPath,

    /// <summary>The path ends in something that git asks for, but what stands before it can't be a repository.</summary>
    BadRepositoryPath,

    /// <summary>The files of the dumb protocol, which would bypass every rule about refs.</summary>
    DumbHttp,

    /// <summary><c>info/refs</c> without <c>service</c>: the first request of a client that speaks only the dumb protocol.</summary>
    ServiceMissing,

    /// <summary>A service other than the two, or one of them spelled differently (escaped, in capitals).</summary>
    UnknownService,

    /// <summary>A query that is not exactly one <c>service</c>; or, of Git LFS, not exactly what the path takes.</summary>
    Query,

    /// <summary>The wrong method; <see cref="GitRouteResult.AllowedMethod"/> is the right one.</summary>
    MethodNotAllowed,

    /// <summary>A POST whose content type isn't that of its service, or of the Git LFS API.</summary>
    ContentType,
}
