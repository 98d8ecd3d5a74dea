using Portcullis.Access;

namespace Portcullis.Server.Configuration;

/// <summary>Collects problems, so that all are reported at once.</summary>
internal sealed class ProblemList
{
    private readonly List<ConfigurationProblem> _problems = [];

    public bool IsEmpty => _problems.Count == 0;

    public int Count => _problems.Count;

    /// <summary>Adds a problem; its message becomes one line, whatever names it repeats.</summary>
    public void Add(SourceLocation location, string message) => _problems.Add(new ConfigurationProblem(location, Shown.Line(message)));

    /// <summary>By file, line and column; what has no place comes first.</summary>
    public IReadOnlyList<ConfigurationProblem> InOrder() =>
        [.. _problems.OrderBy(problem => problem.Location.Line == 0 ? problem.Location.File : "", StringComparer.Ordinal)
            .ThenBy(problem => problem.Location.Line).ThenBy(problem => problem.Location.Column)];

    public void ThrowIfAny()
    {
        if (!IsEmpty)
        {
            throw new ConfigurationException(InOrder());
        }
    }
}
