using System.Runtime.InteropServices;

namespace Portcullis.Audit.Files;

/// <summary>Puts a folder's entries on the disk: a file that was flushed can still lose its name in a power failure (fsync(2)).</summary>
internal static partial class DirectoryEntries
{
    // O_RDONLY | O_CLOEXEC; the value is the same on every Linux that .NET runs on.
    private const int Flags = 0x80000;

    public static void Flush(string directory)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var descriptor = open(directory, Flags);
        if (descriptor >= 0)
        {
            _ = fsync(descriptor);
            _ = close(descriptor);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fsync(int fd);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int fd);
}
