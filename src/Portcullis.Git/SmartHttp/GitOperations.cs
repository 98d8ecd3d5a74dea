namespace Portcullis.Git.SmartHttp;

/// <summary>The words for operations, and what they have in common.</summary>
public static class GitOperations
{
    /// <summary>The stable word for an operation: what the audit calls it.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>A word in lower case.</returns>
    public static string Word(this GitOperation operation) => operation switch
    {
        GitOperation.Discover => "discover",
        GitOperation.Fetch => "fetch",
        GitOperation.Push => "push",
        GitOperation.LfsBatch => "lfs-batch",
        GitOperation.LfsDownload => "lfs-download",
        GitOperation.LfsUpload => "lfs-upload",
        GitOperation.LfsVerify => "lfs-verify",
        GitOperation.LfsListLocks => "lfs-locks",
        GitOperation.LfsVerifyLocks => "lfs-verify-locks",
        GitOperation.LfsLock => "lfs-lock",
        GitOperation.LfsUnlock => "lfs-unlock",
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    /// <summary>Whether it belongs to the API of Git LFS, whose answers are JSON.</summary>
    /// <param name="operation">The operation.</param>
    public static bool IsLfs(this GitOperation operation) => operation >= GitOperation.LfsBatch;

    /// <summary>Whether it moves a Git LFS object, or asks about one that was moved: opened by the credential that a batch gave, and by nothing else.</summary>
    /// <param name="operation">The operation.</param>
    public static bool IsLfsTransfer(this GitOperation operation) =>
        operation is GitOperation.LfsDownload or GitOperation.LfsUpload or GitOperation.LfsVerify;

    /// <summary>Whether it can change anything.</summary>
    /// <param name="operation">The operation.</param>
    public static bool IsChange(this GitOperation operation) =>
        operation is GitOperation.Push or GitOperation.LfsUpload or GitOperation.LfsLock or GitOperation.LfsUnlock;
}
