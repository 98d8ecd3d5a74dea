using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Portcullis.Audit.Files;

/// <summary>fallocate(2): space that belongs to a file behind its end, which nobody else can take.</summary>
internal static partial class Fallocate
{
    private const int KeepSize = 0x01;
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;
    private const int NotImplemented = 38;
    private const int NotSupported = 95;

    /// <summary>Reserves; false where the system or the file system can't.</summary>
    /// <exception cref="IOException">There is no such space.</exception>
    public static bool TryReserve(SafeFileHandle file, long offset, long length)
    {
        // off_t is 64 bits wide in this symbol only where pointers are (glibc has fallocate64 besides).
        if (!OperatingSystem.IsLinux() || IntPtr.Size != sizeof(long))
        {
            return false;
        }

        while (true)
        {
            if (fallocate(file, KeepSize, offset, length) == 0)
            {
                return true;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    continue;
                case NotSupported or NotImplemented or InvalidArgument:
                    return false;
                case var error:
                    throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fallocate(SafeFileHandle fd, int mode, long offset, long len);
}
