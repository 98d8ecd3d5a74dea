namespace Portcullis.Audit.Files;

/// <summary>
/// Keeps a second process from writing one node's log: two writers would cut the chain in two. The lock belongs to the open
/// file (flock(2) on Linux), so that it ends with the process however the process ends.
/// </summary>
internal static class NodeLock
{
    public static string PathOf(string directory, string node) => Path.Combine(directory, node + ".lock");

    public static FileStream Take(string directory, string node)
    {
        try
        {
            return new FileStream(PathOf(directory, node), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            throw new AuditUnavailableException($"Another process writes the audit log of node {node} in this folder.", e) { IsInUse = true };
        }
    }

    /// <summary>Whether a process writes this node's log now.</summary>
    public static bool IsTaken(string directory, string node)
    {
        try
        {
            using var probe = new FileStream(PathOf(directory, node), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            return true;
        }
    }

    private static bool IsSharingViolation(IOException e)
        => OperatingSystem.IsWindows() ? (e.HResult & 0xFFFF) is 32 or 33 : e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && e.HResult is 11 or 35;
}
