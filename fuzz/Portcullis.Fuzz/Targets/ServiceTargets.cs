using System.Text;
using Portcullis.Access.Permissions;
using Portcullis.Gateway.ForwardAuth;
using Portcullis.Gateway.Registry;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Fuzz.Targets;

/// <summary>What opens other services than Git.</summary>
internal static class ServiceTargets
{
    public static bool Scope(byte[] input)
    {
        if (!ServiceScope.TryParse(Encoding.UTF8.GetString(input), out var scope, out var error))
        {
            FuzzFailureException.Unless(error.Message.Length > 0 && error.ToString().All(c => c is >= ' ' and <= '~'), "a refusal says why, in printable ASCII");
            return false;
        }

        FuzzFailureException.Unless(ServiceScope.TryParse(scope.ToString(), out var again, out _) && again.Equals(scope), "a scope reads back equal");
        FuzzFailureException.Unless(scope.Covers(scope), "a scope covers itself");
        FuzzFailureException.Unless(PermissionSet.FromScope(scope.ToString()) is { Count: 0, Scopes.Count: 1 }, "a scope is one word of a token, and opens nothing of Git");
        return true;
    }

    public static bool ForwardedPath(byte[] input)
    {
        if (!OriginalPath.TryRead(Encoding.UTF8.GetString(input), out var path, out var problem))
        {
            FuzzFailureException.Unless(problem.Length > 0, "a refusal says why");
            return false;
        }

        FuzzFailureException.Unless(path.StartsWith('/'), "a path is absolute");
        FuzzFailureException.Unless(!path.Contains("//", StringComparison.Ordinal) && !path.Split('/').Any(segment => segment is "." or ".."), "no two servers resolve it differently");
        FuzzFailureException.Unless(!path.Any(c => c is '\\' or ';' or '?' or '#' or '%' || char.IsControl(c)), "nothing is left that a server reads in its own way");
        return true;
    }

    public static bool Registry(byte[] input)
    {
        if (!RegistryScope.TryParse(Encoding.UTF8.GetString(input), out var scope))
        {
            return false;
        }

        var allowed = scope.Allowed(PermissionSet.FromScope("registry:acme/*:pull").Covers);
        FuzzFailureException.Unless(allowed.Count == 0 || (allowed is ["pull"] && scope.Type == "repository" && scope.Name.StartsWith("acme/", StringComparison.Ordinal)), "what is not given is not granted");
        return true;
    }

    public static bool Feed(byte[] input)
    {
        var snapshot = RevocationFeed.Read(input, "https://git.example.com", out var problem);
        FuzzFailureException.Unless((snapshot is null) == (problem is not null), "a document is read, or refused with a reason");
        return snapshot is not null;
    }
}
