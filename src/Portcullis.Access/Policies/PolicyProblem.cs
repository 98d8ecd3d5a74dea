namespace Portcullis.Access.Policies;

/// <summary>A mistake in a policy, or something in it that is probably not meant.</summary>
/// <param name="Location">Where.</param>
/// <param name="Message">What is wrong and how it is written right, in one sentence.</param>
public sealed record PolicyProblem(SourceLocation Location, string Message)
{
    /// <summary>The problem as one line: <c>policy.yaml:12:5: …</c>.</summary>
    public override string ToString() => $"{Location}: {Message}";
}
