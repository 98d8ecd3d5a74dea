using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>What an upstream is shown.</summary>
internal sealed record UpstreamCredentialOptions
{
    /// <summary><c>basic</c>: user name and password. <c>bearer</c>: a token. <c>github</c>, <c>gitlab</c>, <c>gitea</c>, <c>bitbucket</c>, <c>azureDevOps</c>: a token of theirs, as the password of the user name that they want with it. <c>githubApp</c>: a token for each repository, made with the key of a GitHub App.</summary>
    public UpstreamCredentialKind Kind { get; init; }

    /// <summary>The user name of <c>basic</c>.</summary>
    public string UserName { get; init; } = "";

    /// <summary>A file with the password or token alone. It is read for each request, so that a new one counts at once.</summary>
    [FilePath(MustExist = true)]
    public string? SecretFile { get; init; }

    /// <summary>The name of an environment variable with the password or token, instead of a file.</summary>
    public string? SecretVariable { get; init; }

    /// <summary>Whether it may go to another machine over <c>http://</c>, where whoever is on the way reads it.</summary>
    public bool AllowPlainHttp { get; init; }

    /// <summary>Of <c>githubApp</c>: the app's client ID, or its app ID.</summary>
    public string? AppId { get; init; }

    /// <summary>Of <c>githubApp</c>: a file with the app's private key, in PEM as GitHub gives it. It is read whenever a token is made.</summary>
    [FilePath(MustExist = true)]
    public string? PrivateKeyFile { get; init; }

    /// <summary>Of <c>githubApp</c>: the installation that all repositories of this upstream belong to.</summary>
    [Between("1", "9007199254740991")]
    [DefaultText("looked up for each repository")]
    public long? InstallationId { get; init; }

    /// <summary>Of <c>githubApp</c>: where the REST API is.</summary>
    [DefaultText("as the upstream's `url` says: `https://api.github.com`, `https://api.NAME.ghe.com`, or `/api/v3` on a server of one's own")]
    public string? ApiUrl { get; init; }

    /// <summary>Of <c>githubApp</c>: whether pushes may change workflow files (the app's permission <c>workflows</c>). Workflows run with secrets: who may change them may read those.</summary>
    public bool Workflows { get; init; }
}

/// <summary>How an upstream is shown who asks; the names are those of settings, in lower case.</summary>
internal enum UpstreamCredentialKind
{
    /// <summary>HTTP's Basic scheme.</summary>
    Basic,

    /// <summary>A bearer token.</summary>
    Bearer,

    /// <summary>A personal access token of GitHub.</summary>
    Github,

    /// <summary>A personal, group or project access token of GitLab.</summary>
    Gitlab,

    /// <summary>An access token of Gitea or Forgejo.</summary>
    Gitea,

    /// <summary>A repository, project or workspace access token of Bitbucket.</summary>
    Bitbucket,

    /// <summary>A personal access token of Azure DevOps.</summary>
    AzureDevOps,

    /// <summary>A GitHub App.</summary>
    GithubApp,
}
