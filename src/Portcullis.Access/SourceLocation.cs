namespace Portcullis.Access;

/// <summary>Where something was written, so that every message about it can say so.</summary>
/// <param name="File">The file's name as its reader knows it, or the name of an environment variable.</param>
/// <param name="Line">The line, counted from 1; 0 where the source has no lines.</param>
/// <param name="Column">The column, counted from 1; 0 where it is unknown.</param>
public readonly record struct SourceLocation(string File, int Line, int Column = 0)
{
    /// <summary><c>policy.yaml:12:5</c>, without what is unknown.</summary>
    public override string ToString() => (Line, Column) switch
    {
        (0, _) => File ?? "",
        (_, 0) => $"{File}:{Line}",
        _ => $"{File}:{Line}:{Column}",
    };
}
