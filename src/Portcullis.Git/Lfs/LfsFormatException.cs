namespace Portcullis.Git.Lfs;

/// <summary>A body is no request of the Git LFS API. The message says what is wrong and repeats nothing of the body.</summary>
public sealed class LfsFormatException(LfsProblem problem, string message) : Exception(message)
{
    /// <summary>What kind of problem it is.</summary>
    public LfsProblem Problem => problem;

    internal static LfsFormatException Malformed(string message) => new(LfsProblem.Malformed, message);
}
