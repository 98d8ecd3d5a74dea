using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Portcullis.Gateway.Backends.PackCache;

/// <summary>Gives the beginning of a file back to the disk, where the file system can (fallocate(2)).</summary>
internal static partial class Hole
{
    private const int KeepSize = 1;
    private const int PunchHole = 2;

    /// <summary>Frees what lies before a position. Where that can't be done it stays until the file is closed.</summary>
    public static void Punch(SafeFileHandle file, long end)
    {
        if (end > 0 && OperatingSystem.IsLinux())
        {
            _ = fallocate(file, PunchHole | KeepSize, 0, end);
        }
    }

    [LibraryImport("libc")]
    private static partial int fallocate(SafeFileHandle file, int mode, long offset, long length);
}
