namespace Portcullis.Audit;

/// <summary>How a decision, or one ref's part of it, ended.</summary>
public enum AuditOutcome
{
    /// <summary>Allowed, and done.</summary>
    Allowed,

    /// <summary>Not allowed: the <c>reason</c> says why. Nothing was done.</summary>
    Refused,

    /// <summary>Allowed, but it did not come to its end: the peer left, the backend failed, a limit was reached.</summary>
    Failed,
}
