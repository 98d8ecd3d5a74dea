using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Portcullis.Gateway.Backends.Host.Freshness;

/// <summary>The system calls that the runtime has no names for: stamps with inodes and change times, and file names as bytes.</summary>
[SuppressMessage("Interoperability", "CA5392", Justification = "libc is loaded already; DllImport search paths are a matter of Windows.")]
[SuppressMessage("Style", "IDE1006", Justification = "Functions keep the names that they have in libc.")]
internal static unsafe partial class NativeFile
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int PathOnly = 0x200000;
    private const ulong NoSymbolicLinks = 4;
    private const nint OpenAt2 = 437;
    private const int NotFound = 2;
    private const int NotADirectory = 20;
    private const int InterruptedCall = 4;
    private const int RealTimeCoarse = 5;
    private const int StatxSize = 256;
    private const int EntryHeader = 19;

    /// <summary>The kind of an entry whose kind the file system does not tell.</summary>
    public const byte UnknownEntry = 0;

    /// <summary>The kind of a directory.</summary>
    public const byte DirectoryEntry = 4;

    /// <summary>The kind of a regular file.</summary>
    public const byte RegularEntry = 8;

    // O_DIRECTORY and O_NOFOLLOW are the two open flags that differ between the processors that .NET runs on.
    private static readonly bool HasArmFlags = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int DirectoryOnly = HasArmFlags ? 0x4000 : 0x10000;
    private static readonly int NoFollowOpen = HasArmFlags ? 0x8000 : 0x20000;

    /// <summary>Where absolute paths begin. Not to be closed.</summary>
    public static OpenFile AnyFolder { get; } = new(CurrentDirectory);

    /// <summary>Whether this system has them: Linux of 64 bits.</summary>
    public static bool IsSupported { get; } =
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64 && HasStatx();

    /// <summary>A path as the kernel takes it.</summary>
    public static byte[] PathBytes(string path) => Encoding.UTF8.GetBytes(path + "\0");

    /// <summary>The stamp of an absolute path (<see cref="OpenFile.TryStamp"/>).</summary>
    public static bool TryStamp(byte[] path, bool follow, out FileStamp stamp) => AnyFolder.TryStamp(path, follow, out stamp);

    /// <summary>Opens a directory to look at what is in it, wherever links lead to. Null when there is none.</summary>
    public static OpenFile? TryOpenFolder(byte[] path)
    {
        fixed (byte* name = path)
        {
            var descriptor = openat(CurrentDirectory, name, PathOnly | CloseOnExec | DirectoryOnly);
            return descriptor < 0 ? null : new OpenFile(descriptor);
        }
    }

    /// <summary>
    /// Opens a file or directory to look at it alone, if no part of the path to it is a symbolic link (openat2(2), RESOLVE_NO_SYMLINKS). Null when there is none, one part
    /// is, or this kernel can't tell.
    /// </summary>
    public static OpenFile? TryOpenWithoutLinks(byte[] path, bool directory)
    {
        ulong* how = stackalloc ulong[3];
        (how[0], how[1], how[2]) = ((ulong)(PathOnly | CloseOnExec | (directory ? DirectoryOnly : 0)), 0, NoSymbolicLinks);
        fixed (byte* name = path)
        {
            var descriptor = openat2(OpenAt2, CurrentDirectory, name, how, 3 * sizeof(ulong));
            return descriptor < 0 ? null : new OpenFile((int)descriptor);
        }
    }

    /// <summary>The kernel's time as of its last tick, in nanoseconds since 1970.</summary>
    public static long CoarseTime()
    {
        long* time = stackalloc long[2];
        return clock_gettime(RealTimeCoarse, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : throw new InvalidOperationException("There is no coarse clock.");
    }

    /// <summary>The kind of file system that holds a path, as statfs(2) names it; 0 when it can't be told.</summary>
    public static uint FileSystemKind(byte[] path)
    {
        byte* buffer = stackalloc byte[StatxSize];
        fixed (byte* name = path)
        {
            return statfs(name, buffer) == 0 ? (uint)*(long*)buffer : 0;
        }
    }

    private static FileStamp Read(byte* statx)
    {
        var device = ((ulong)*(uint*)(statx + 136) << 32) | *(uint*)(statx + 140);
        return new(device, *(ulong*)(statx + 32), *(ulong*)(statx + 40), *(ushort*)(statx + 28), *(uint*)(statx + 16), Time(statx + 112), Time(statx + 96));

        static long Time(byte* time) => (*(long*)time * 1_000_000_000) + *(uint*)(time + 8);
    }

    private static bool HasStatx()
    {
        try
        {
            return TryStamp(PathBytes("/"), follow: true, out var root) && root.IsDirectory;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int directory, byte* path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int directory, byte* path, int flags);

    // libc has no name for it before its version 2.42.
    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint openat2(nint number, nint directory, byte* path, ulong* how, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, long* time);

    [LibraryImport("libc")]
    private static partial int statfs(byte* path, byte* buffer);

    /// <summary>An open file or directory.</summary>
    internal sealed class OpenFile(int descriptor) : IDisposable
    {
        /// <summary>Its stamp.</summary>
        public FileStamp Stamp()
        {
            byte* buffer = stackalloc byte[StatxSize];
            byte empty = 0;
            return statx(descriptor, &empty, EmptyPath, BasicStats, buffer) == 0 ? NativeFile.Read(buffer) : FileStamp.Absent;
        }

        /// <summary>The stamp of a path, which begins at this directory if it is relative.</summary>
        /// <param name="path">The path, ended by a zero byte.</param>
        /// <param name="follow">Whether a symbolic link at its end stands for what it leads to.</param>
        /// <param name="stamp">The stamp; that of an absent file where there is none.</param>
        /// <returns>False when it can't be told.</returns>
        public bool TryStamp(ReadOnlySpan<byte> path, bool follow, out FileStamp stamp)
        {
            byte* buffer = stackalloc byte[StatxSize];
            fixed (byte* name = path)
            {
                if (statx(descriptor, name, follow ? 0 : NoFollow, BasicStats, buffer) == 0)
                {
                    stamp = NativeFile.Read(buffer);
                    return true;
                }
            }

            stamp = FileStamp.Absent;
            return Marshal.GetLastPInvokeError() is NotFound or NotADirectory;
        }

        /// <summary>
        /// Opens a file or directory for reading, by a path that begins at this one if it is relative; null when there is none that can be opened; a named pipe does not
        /// keep anyone waiting. A symbolic link at the end is not followed unless asked for.
        /// </summary>
        public OpenFile? TryOpen(byte[] path, bool follow = false, bool directory = false)
        {
            fixed (byte* name = path)
            {
                var opened = openat(descriptor, name, ReadOnly | CloseOnExec | NonBlocking | (follow ? 0 : NoFollowOpen) | (directory ? DirectoryOnly : 0));
                return opened < 0 ? null : new OpenFile(opened);
            }
        }

        /// <summary>Reads from where the last reading ended. Returns the number of bytes, 0 at the end, less when it can't be read.</summary>
        public int Read(Span<byte> buffer)
        {
            fixed (byte* pointer = buffer)
            {
                nint count;
                while ((count = read(descriptor, pointer, buffer.Length)) < 0 && Marshal.GetLastPInvokeError() == InterruptedCall)
                {
                }

                return (int)count;
            }
        }

        /// <summary>What is in a directory, but for names that begin with a dot; null when it can't be read.</summary>
        public List<(byte Kind, byte[] Name)>? Entries()
        {
            var names = new List<(byte, byte[])>();
            var buffer = stackalloc byte[16 * 1024];
            nint count;
            while ((count = getdents64(descriptor, buffer, 16 * 1024)) > 0)
            {
                for (nint at = 0; at < count; at += *(ushort*)(buffer + at + 16))
                {
                    var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at + EntryHeader);
                    if (name is not [(byte)'.', ..])
                    {
                        names.Add((buffer[at + EntryHeader - 1], name.ToArray()));
                    }
                }
            }

            return count < 0 ? null : names;
        }

        /// <inheritdoc/>
        public void Dispose() => _ = close(descriptor);
    }
}
