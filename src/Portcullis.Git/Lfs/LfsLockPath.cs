namespace Portcullis.Git.Lfs;

/// <summary>The path of a locked file. It is a name and never opened, but it is shown to others.</summary>
public static class LfsLockPath
{
    /// <summary>The longest path, in characters.</summary>
    public const int MaxLength = 1024;

    /// <summary>Whether a text is the path of a file below the root of a working tree.</summary>
    public static bool IsValid(string path) =>
        path.Length is > 0 and <= MaxLength
        && !path.Any(char.IsControl)
        && path.Split('/').All(segment => segment is not ("" or "." or ".."));
}
