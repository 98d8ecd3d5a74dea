namespace Portcullis.Access.Decisions;

/// <summary>A decision with everything that was weighed.</summary>
/// <param name="Action">The one action asked for.</param>
/// <param name="Decision">The decision, made by <see cref="Decider"/>.</param>
/// <param name="Lines">What was looked at, in order; the lines that settled it are marked.</param>
public sealed record Explanation(AccessAction Action, Decision Decision, IReadOnlyList<ExplanationLine> Lines);

/// <summary>One thing that was looked at.</summary>
/// <param name="Text">What it is and what it says to the question, in printable ASCII.</param>
/// <param name="IsDecisive">Whether it settled the question.</param>
public sealed record ExplanationLine(string Text, bool IsDecisive);
