using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Portcullis.Git.Credentials;
using Portcullis.Git.Names;

namespace Portcullis.CredentialHelper;

/// <summary>What git wants a credential for.</summary>
/// <param name="Origin">The server, <c>https://git.example.com</c>.</param>
/// <param name="Repository">The repository, where git says it (<c>credential.useHttpPath</c>, or the challenge that git 2.41 and newer pass on).</param>
/// <param name="IsPull">Whether nothing but fetching is asked for.</param>
internal sealed partial record Remote(string Origin, RepositoryPath? Repository, bool IsPull)
{
    /// <summary>
    /// What a token for this is asked for with: one repository, and there what was asked; all that the policy gives where git does not say which repository. Whoever pushes may have to force or delete, and the policy bounds that.
    /// </summary>
    public string? Scope => Repository is null ? null : $"git:{Repository}:{(IsPull ? "pull" : "pull,push,force,delete,init")}";

    /// <summary>Reads git's question; null where this helper has nothing to say: another protocol, or a token that would be sent in the clear.</summary>
    public static Remote? From(CredentialMessage message)
    {
        if (!TryOrigin($"{message.Protocol}://{message.Host}", out var origin))
        {
            return null;
        }

        var repository = RepositoryOf(message.Path);
        var challenged = message.GetAll("wwwauth[]").Select(Challenge).FirstOrDefault(scope => scope is not null);

        // The challenge comes from the server: it may make the token smaller, and never for another repository than the address names.
        return challenged is var (asked, isPull) && (repository is null || repository.Equals(asked)) ? new Remote(origin, asked, isPull)
            : new Remote(origin, repository, IsPull: false);
    }

    /// <summary>An address that a token may be sent to: TLS, or a loopback address.</summary>
    public static bool TryOrigin(string text, [NotNullWhen(true)] out string? origin)
    {
        origin = Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            && uri is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "", Host.Length: > 0 }
            ? $"{uri.Scheme}://{uri.Authority}" : null;
        return origin is not null;
    }

    // acme/app.git, and what git-lfs asks with: acme/app.git/info/lfs.
    private static RepositoryPath? RepositoryOf(string? path)
    {
        var name = (path ?? "").Trim('/');
        var end = name.IndexOf(".git/", StringComparison.Ordinal);
        name = end >= 0 ? name[..end] : name.EndsWith(".git", StringComparison.Ordinal) ? name[..^4] : name;
        return RepositoryPath.TryParse(name, out var repository) ? repository : null;
    }

    private static (RepositoryPath Repository, bool IsPull)? Challenge(string challenge) =>
        ChallengedScope().Match(challenge) is { Success: true } match && RepositoryPath.TryParse(match.Groups["repository"].Value, out var repository)
            ? (repository, match.Groups["action"].Value == "pull")
            : null;

    // Our own server's challenge (docs/spec/http.md).
    [GeneratedRegex("^Bearer [^\\r\\n]*\\bscope=\"git:(?<repository>[^\":@, ]+):(?<action>pull|push)\"", RegexOptions.IgnoreCase)]
    private static partial Regex ChallengedScope();
}
