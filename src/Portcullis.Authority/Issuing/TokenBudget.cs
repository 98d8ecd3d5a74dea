using Portcullis.Access.Permissions;

namespace Portcullis.Authority.Issuing;

/// <summary>Words the refusal of a token that would not fit into a credential store.</summary>
internal static class TokenBudget
{
    public static string Explain(int length, int budget, PermissionSet permissions)
    {
        var longest = permissions.ToScope().Split(' ').MaxBy(word => word.Length) ?? "";
        longest = longest.Length > 100 ? longest[..100] + "..." : longest;
        return $"The token would have {length} characters, and {budget} fit into every credential store. Its {permissions.Count + permissions.Scopes.Count} permissions take {permissions.ToScope().Length}; "
            + $"the longest is '{longest}'. Ask for the repositories you need by scope, or have the policy use fewer, wider patterns.";
    }
}
