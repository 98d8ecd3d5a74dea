using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>What is said to those whom a proxy's question refuses. Statuses are 401, 403 and those of a server that can't decide: nginx knows no others.</summary>
internal static class ForwardAuthRefusals
{
    private const int MaxNamed = 4;

    public static Refusal ProxyNotTrusted() => Forbidden(
        "proxy_not_trusted", "This address is for the proxies that the server's configuration trusts, and the request comes from another.");

    public static Refusal OriginalInvalid(string problem) => Forbidden("request_unclear", $"The request can't be judged: {problem}.");

    public static Refusal NoRule(OriginalRequest request) => Forbidden("no_rule", $"No rule of this server is for {request.Shown}, and what no rule is for is closed.");

    public static Refusal Ambiguous(OriginalRequest request) => Forbidden(
        "path_ambiguous", $"For {request.Shown} two rules differ only in capitals and small letters. Write the path as the rule has it.");

    public static Refusal MethodOverridden() => Forbidden("method_overridden", "The request names another method in a header, and the rule is for certain methods.");

    /// <summary>No credential, or none that can be used.</summary>
    public static Refusal Unauthenticated(Refusal refusal, ForwardAuthRule rule)
    {
        var scope = string.Join(' ', rule.Requires);
        return refusal.Reason switch
        {
            RefusalReason.CredentialMissing => refusal with
            {
                Text = "This service opens to a signed token alone, and none came with the request.\n"
                    + $"Send it as 'Authorization: Bearer', or as the password with any user name. It needs {scope}.",
                Challenge = refusal.Challenge! with { Scope = scope },
            },
            RefusalReason.TokenInvalid => refusal with { Challenge = refusal.Challenge! with { Scope = scope } },
            RefusalReason.CredentialMalformed => refusal with { Reason = RefusalReason.ActionNotAllowed },
            _ => refusal,
        };
    }

    /// <summary>A valid token that opens too little, or what a rule denies to everyone.</summary>
    public static Refusal NotAllowed(OriginalRequest request, Caller caller, PermissionSet permissions, IReadOnlyList<(ScopeWord Word, Decision Decision)> denied) => Forbidden(
        denied[0].Decision.Code,
        $"{caller.DisplayName} may not {request.Shown}.\nThe token gives: {Name(permissions)}.\n"
        + (denied.Select(asked => asked.Decision.Rule).FirstOrDefault(rule => rule is not null) is { } rule
            ? $"A rule of this server forbids it to everyone: {rule.Text}."
            : $"To do this, ask for a token with {string.Join(' ', denied.Select(asked => asked.Word))}."));

    private static Refusal Forbidden(string code, string text) => new() { Reason = RefusalReason.ActionNotAllowed, Code = code, Text = text };

    private static string Name(PermissionSet permissions)
    {
        var words = permissions.IsEmpty ? [] : permissions.ToScope().Split(' ');
        var named = string.Join(' ', words.Take(MaxNamed));
        return words.Length switch { 0 => "nothing", <= MaxNamed => named, _ => $"{named} and {words.Length - MaxNamed} more" };
    }
}
