namespace Portcullis.Audit;

/// <summary>One thing that a verification found.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="File">The name of the file in the log's folder.</param>
/// <param name="Line">The line, from 1; 0 where the whole file is meant.</param>
/// <param name="Message">What is the matter, in one sentence.</param>
public sealed record AuditProblem(AuditProblemKind Kind, string File, long Line, string Message)
{
    /// <summary><c>file:line: message</c>, or <c>file: message</c>.</summary>
    public override string ToString() => Line == 0 ? $"{File}: {Message}" : $"{File}:{Line}: {Message}";
}
