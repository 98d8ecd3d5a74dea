namespace Portcullis.Audit;

/// <summary>How strictly a log is verified.</summary>
public sealed record AuditVerificationOptions
{
    /// <summary>The oldest files may be gone (archived, or removed after their time): a chain may begin with a signed checkpoint in its middle. Default: no.</summary>
    public bool AllowMissingStart { get; init; }

    /// <summary>Heads that were kept elsewhere, besides the head file in the folder: each must lie on its node's chain.</summary>
    public IReadOnlyList<AuditHead> Witnesses { get; init; } = [];

    /// <summary>How many problems are listed; the rest is counted. Default: 100.</summary>
    public int MaxProblems { get; init; } = 100;
}
