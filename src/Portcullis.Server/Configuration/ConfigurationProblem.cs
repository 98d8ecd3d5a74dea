using Portcullis.Access;

namespace Portcullis.Server.Configuration;

/// <summary>Something wrong with a setting.</summary>
/// <param name="Location">The file with line and column, or the environment variable.</param>
/// <param name="Message">What is wrong and how it is written right; never a secret's value.</param>
internal sealed record ConfigurationProblem(SourceLocation Location, string Message)
{
    /// <summary>One line: <c>portcullis.yaml:3:5: …</c>.</summary>
    public override string ToString() => $"{Location}: {Message}";
}
