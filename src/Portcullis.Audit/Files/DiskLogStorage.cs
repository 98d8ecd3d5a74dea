namespace Portcullis.Audit.Files;

/// <summary>Log files on the disk.</summary>
/// <param name="canReserve">Whether the file system may be asked to hold space; else a <see cref="Ballast"/> does.</param>
internal sealed class DiskLogStorage(bool canReserve = true) : ILogStorage
{
    public static DiskLogStorage Instance { get; } = new();

    public ILogFile Open(string path, bool create) => new DiskLogFile(OpenStream(path, create ? FileMode.CreateNew : FileMode.Open), canReserve);

    /// <summary>Makes a file, or empties the one that is there.</summary>
    public static FileStream Create(string path) => OpenStream(path, FileMode.Create);

    private static FileStream OpenStream(string path, FileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (mode != FileMode.Open && !OperatingSystem.IsWindows())
        {
            // The group may read: that is how an auditor gets in without the server's rights.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        }

        return new FileStream(path, options);
    }
}
