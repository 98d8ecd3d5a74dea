namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>Takes away what uploads left behind that a crash ended.</summary>
internal static class IncomingSweep
{
    // Between the making of a file and its locking there is a moment.
    private static readonly TimeSpan LeastAge = TimeSpan.FromMinutes(1);

    /// <summary>Takes away the files of one folder that nobody writes any more.</summary>
    public static void Sweep(LfsFolder folder, TimeProvider time)
    {
        if (!Directory.Exists(folder.Incoming))
        {
            return;
        }

        var now = time.GetUtcNow();
        foreach (var file in new DirectoryInfo(folder.Incoming).EnumerateFiles())
        {
            if (now - file.LastWriteTimeUtc < LeastAge)
            {
                continue;
            }

            try
            {
                // One that is written is locked, by this process or another, and can't be opened so.
                using (file.Open(FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                    file.Delete();
                }
            }
            catch (IOException)
            {
                // It is still arriving, or has got its name meanwhile.
            }
        }
    }
}
