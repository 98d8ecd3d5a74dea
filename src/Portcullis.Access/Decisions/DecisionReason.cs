namespace Portcullis.Access.Decisions;

/// <summary>Why a decision came out as it did. Each has a stable code for logs, the audit and metrics: <see cref="DecisionReasons.Code"/>.</summary>
public enum DecisionReason
{
    /// <summary>Nothing allows anything in this repository. Also the reason of a decision that nobody made.</summary>
    NoPermissionForRepository = 0,

    /// <summary>A permission allows it and no rule denies it.</summary>
    Allowed,

    /// <summary>Permissions name the repository, none of them this action.</summary>
    NoPermissionForAction,

    /// <summary>Permissions give this action in the repository, none of them for this ref.</summary>
    RefNotMatched,

    /// <summary>A permission would allow it, and a rule of the policy denies it.</summary>
    DeniedByRule,

    /// <summary>A permission would allow it, and the ceiling set for the token's issuer does not.</summary>
    AboveCeiling,

    /// <summary>Nothing gives the scope that was asked for, or all that it opens.</summary>
    ScopeMissing,
}

/// <summary>The stable codes of <see cref="DecisionReason"/>.</summary>
public static class DecisionReasons
{
    /// <summary>A word in lower case with underscores; it never changes.</summary>
    public static string Code(DecisionReason reason) => reason switch
    {
        DecisionReason.Allowed => "allowed",
        DecisionReason.NoPermissionForAction => "no_permission_for_action",
        DecisionReason.RefNotMatched => "ref_not_matched",
        DecisionReason.DeniedByRule => "denied_by_rule",
        DecisionReason.AboveCeiling => "above_ceiling",
        DecisionReason.ScopeMissing => "scope_missing",
        _ => "no_permission_for_repository",
    };
}
