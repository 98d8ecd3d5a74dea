using System.Diagnostics.CodeAnalysis;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Authority.Issuing;

/// <summary>
/// The <c>resource</c> parameter (RFC 8707): the gateway itself, or a repository's address as git knows it, to which the token is then narrowed. What a client that has just been asked for a
/// password by <c>https://git.example.com/acme/app.git</c> can say without knowing our notation.
/// </summary>
internal static class RequestedResources
{
    private const int MaxCount = 32;

    /// <summary>Reads the parameter's values.</summary>
    /// <param name="resources">The values; each an absolute URL.</param>
    /// <param name="options">Names the gateway.</param>
    /// <param name="repositories">Everything that can be done in the repositories named; null where none is, or the gateway as a whole is too.</param>
    /// <param name="problem">Why one of them is no resource of ours.</param>
    public static bool TryRead(IEnumerable<string?>? resources, AuthorityOptions options, out PermissionSet? repositories, [NotNullWhen(false)] out IssuingProblem? problem)
    {
        (repositories, problem) = (null, null);
        string[] values = [.. (resources ?? []).Select(value => value ?? "")];
        if (values.Length > MaxCount)
        {
            problem = new IssuingProblem("invalid_target", $"More than {MaxCount} resources.");
            return false;
        }

        var permissions = new List<Permission>();
        var everything = values.Length == 0;
        foreach (var value in values)
        {
            if (IsGateway(value, options))
            {
                everything = true;
            }
            else if (Repository(value, options.PublicUrl) is { } repository)
            {
                permissions.Add(Permission.Parse($"{Permission.Prefix}{repository}:pull,push,force,delete,init", "resource"));
            }
            else
            {
                problem = new IssuingProblem("invalid_target", $"A resource is {options.PublicUrl} or the address of a repository below it, such as {options.PublicUrl}/acme/app.git, without query and fragment.");
                return false;
            }
        }

        repositories = everything ? null : PermissionSet.Of(permissions);
        return true;
    }

    private static bool IsGateway(string value, AuthorityOptions options) =>
        value == options.EffectiveAudience || value == options.PublicUrl || value == options.PublicUrl + "/";

    // Compared as text: a repository's name needs no escapes, so there is one spelling.
    private static RepositoryPath? Repository(string value, string publicUrl)
    {
        if (value.Length > publicUrl.Length + RepositoryPath.MaxLength + 8 || !value.StartsWith(publicUrl + "/", StringComparison.Ordinal))
        {
            return null;
        }

        var path = value[(publicUrl.Length + 1)..];
        path = path.EndsWith('/') ? path[..^1] : path;
        path = path.EndsWith(".git", StringComparison.Ordinal) ? path[..^4] : path;
        return RepositoryPath.TryParse(path, out RepositoryPath? repository) ? repository : null;
    }
}
