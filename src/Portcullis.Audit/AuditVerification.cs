namespace Portcullis.Audit;

/// <summary>What a verification found.</summary>
public sealed record AuditVerification
{
    /// <summary>Everything that is wrong, in the order of the files; at most <see cref="AuditVerificationOptions.MaxProblems"/>.</summary>
    public required IReadOnlyList<AuditProblem> Problems { get; init; }

    /// <summary>How many more problems there were than are listed.</summary>
    public required long FurtherProblems { get; init; }

    /// <summary>Each node's chain.</summary>
    public required IReadOnlyList<AuditNodeSummary> Nodes { get; init; }

    /// <summary>Files with what crashes left behind the last whole line, each noted in the log by an <c>audit.recovered</c> line.</summary>
    public required IReadOnlyList<string> SetAside { get; init; }

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsIntact => Problems.Count == 0;
}

/// <summary>What a verification saw of one node's chain.</summary>
/// <param name="Node">The node.</param>
/// <param name="Files">How many files.</param>
/// <param name="Lines">How many lines, checkpoints included.</param>
/// <param name="Checkpoints">How many checkpoints with a valid signature.</param>
/// <param name="LastCheckpoint">When the last of them was made.</param>
/// <param name="UncoveredLines">Lines after it: chained, but not signed for. While a log is written there may be some for a second or two.</param>
/// <param name="IsOpen">Whether a process writes the log now.</param>
public sealed record AuditNodeSummary(
    string Node, int Files, long Lines, long Checkpoints, DateTimeOffset? LastCheckpoint, long UncoveredLines, bool IsOpen);
