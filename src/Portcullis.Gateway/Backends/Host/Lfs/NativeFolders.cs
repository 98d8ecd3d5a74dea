using System.Runtime.InteropServices;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>What the base library does not do with folders: make one only where its parent is, and put a folder's entries on the disk.</summary>
internal static partial class NativeFolders
{
    private const int FileExists = 17;

    // O_RDONLY | O_CLOEXEC; the value is the same on every Linux that .NET runs on.
    private const int OpenFlags = 0x80000;

    /// <summary>Makes a folder in one that is there. <see cref="Directory.CreateDirectory(string)"/> would make the parents, too, and so bring back the husk of a repository that was just deleted.</summary>
    /// <exception cref="IOException">The parent is not there, or can't be written.</exception>
    public static void Make(string path)
    {
        if (mkdir(path, 0x1FF) != 0 && Marshal.GetLastPInvokeError() is not FileExists and var error)
        {
            throw new IOException("A folder for Git LFS could not be made.", error);
        }
    }

    /// <summary>Puts a folder's entries on the disk: a file that was flushed can still lose its name in a power failure (fsync(2)).</summary>
    public static void Flush(string path)
    {
        var descriptor = open(path, OpenFlags);
        if (descriptor < 0)
        {
            return;
        }

        var result = fsync(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = close(descriptor);
        if (result != 0 && OperatingSystem.IsLinux())
        {
            throw new IOException("A folder of Git LFS could not be put on the disk.", error);
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);
}
