using System.Text.Json;
using Portcullis.Access.Permissions;
using Portcullis.Authority.Clients;

namespace Portcullis.Authority.Issuing;

/// <summary>What a client asked for: the permissions in <c>scope</c> and <c>authorization_details</c>, the scopes of other services, and those of OpenID Connect.</summary>
internal sealed record PermissionRequest(PermissionSet Permissions, bool NamesPermissions, IReadOnlyList<string> OtherScopes)
{
    public const int MaxLength = 8192;

    private static readonly string[] s_known = ["openid", "profile", "email", "offline_access", AdministrationScope.Word];

    /// <summary>What was asked for as one scope, which reads back to an equal request.</summary>
    public string ToScope() => string.Join(' ', OtherScopes.Concat(Permissions.Words.Select(word => word.ToString())));

    /// <summary>
    /// The request without what is for others: only an administrator, by a client without a ceiling, can be given the administration. Who asked for it alone asked for no repository, and does
    /// not get all of them by no longer being one.
    /// </summary>
    public PermissionRequest For(bool isAdministrator, ClientInfo client) =>
        (isAdministrator && client.Ceiling is null) || !OtherScopes.Contains(AdministrationScope.Word)
            ? this
            : this with { NamesPermissions = true, OtherScopes = [.. OtherScopes.Where(scope => scope != AdministrationScope.Word)] };

    /// <summary>Reads a request. What can't be read is named; nothing is guessed.</summary>
    /// <param name="scope">Permissions and other scopes (RFC 6749 §3.3).</param>
    /// <param name="authorizationDetails">The same as JSON (RFC 9396).</param>
    /// <param name="problem">Why it can't be read.</param>
    /// <param name="repositories">The permissions are narrowed to those in here, see <see cref="RequestedResources"/>; null: they aren't.</param>
    public static PermissionRequest? Read(string? scope, string? authorizationDetails, out IssuingProblem? problem, PermissionSet? repositories = null)
    {
        problem = null;
        if (scope?.Length > MaxLength || authorizationDetails?.Length > MaxLength)
        {
            problem = new IssuingProblem("invalid_scope", $"More than {MaxLength} characters of permissions.");
            return null;
        }

        var words = (scope ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var permissions = new List<Permission>();
        var scopes = new List<ServiceScope>();
        foreach (var word in words.Where(word => word != AdministrationScope.Word && (word.StartsWith(Permission.Prefix, StringComparison.Ordinal) || ServiceScope.IsOne(word))))
        {
            if (!ScopeWord.TryParse(word, out ScopeWord asked, out PermissionSyntaxError? error, "scope"))
            {
                problem = new IssuingProblem("invalid_scope", Bound(error.ToString()));
                return null;
            }

            if (asked.Permission is { } permission)
            {
                permissions.Add(permission);
            }
            else if (asked.Scope is { } other)
            {
                scopes.Add(other);
            }
        }

        if (!string.IsNullOrEmpty(authorizationDetails) && !TryReadDetails(authorizationDetails, permissions, out problem))
        {
            return null;
        }

        if (permissions.Count + scopes.Count > PermissionSet.MaxPermissionsInToken)
        {
            problem = new IssuingProblem("invalid_scope", $"More than {PermissionSet.MaxPermissionsInToken} permissions.");
            return null;
        }

        string[] others = [.. words.Intersect(s_known)];
        if (repositories is null)
        {
            return new PermissionRequest(PermissionSet.Of(permissions, scopes), permissions.Count + scopes.Count > 0, others);
        }

        // Scopes of other services are none of a repository: a token for one carries none.
        PermissionSet narrowed = permissions.Count + scopes.Count == 0 ? repositories : PermissionSet.Of(permissions).Intersect(repositories);
        if (narrowed.IsEmpty)
        {
            problem = new IssuingProblem("invalid_scope", "No permission in scope or authorization_details is for the repositories that resource names.");
            return null;
        }

        return new PermissionRequest(narrowed, true, others);
    }

    private static bool TryReadDetails(string json, List<Permission> permissions, out IssuingProblem? problem)
    {
        problem = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                problem = new IssuingProblem("invalid_authorization_details", "authorization_details is a JSON array (RFC 9396 §2).");
                return false;
            }

            foreach (JsonElement detail in document.RootElement.EnumerateArray())
            {
                if (!AuthorizationDetail.TryRead(detail, out Permission? permission, out PermissionSyntaxError? error))
                {
                    problem = new IssuingProblem("invalid_authorization_details", Bound(error.ToString()));
                    return false;
                }

                permissions.Add(permission);
            }

            return true;
        }
        catch (JsonException)
        {
            problem = new IssuingProblem("invalid_authorization_details", "authorization_details is not JSON.");
            return false;
        }
    }

    // RFC 6749 §5.2 allows an error_description printable ASCII without '"' and '\' only; and a long scope needn't come back in full.
    private static string Bound(string text) =>
        new([.. text.Take(300).Select(c => c is >= ' ' and <= '~' and not '"' and not '\\' ? c : '?')]);
}
