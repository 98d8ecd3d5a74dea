namespace Portcullis.Audit;

/// <summary>
/// The audit log can't take a record now: its disk is full or failing, or it was closed. Where the audit is required,
/// this means: no audit, no access. The message is fit for an operator and names no path.
/// </summary>
public sealed class AuditUnavailableException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is the matter, in one sentence.</param>
    /// <param name="innerException">What the operating system said.</param>
    public AuditUnavailableException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }

    /// <summary>Whether another process writes this log, so that it may be had a little later.</summary>
    public bool IsInUse { get; init; }
}
