using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>
/// Starts a program with <c>posix_spawn(3)</c>: in a process group of its own, with a signal mask and dispositions as a
/// shell would give them, and with exactly the descriptors named.
/// </summary>
/// <remarks>
/// <c>System.Diagnostics.Process</c> can give a child neither a process group (so that hooks and pack-objects end with
/// their parent), nor a fourth descriptor (over which the pre-receive check speaks with the gateway), and costs about
/// twice the time.
/// </remarks>
internal static unsafe partial class NativeSpawn
{
    private const short SetProcessGroup = 0x02;
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;

    // Larger than the opaque structures of glibc (336, 80, 128 bytes) and musl, which never exceed them.
    private const int OpaqueSize = 1024;

    /// <summary>Starts <paramref name="path"/> and returns its process id, which is its group's id too.</summary>
    /// <param name="path">Absolute path of the program.</param>
    /// <param name="arguments">The arguments, the program's own name first.</param>
    /// <param name="environment">The whole environment, as <c>NAME=value</c>.</param>
    /// <param name="directory">The directory to start in.</param>
    /// <param name="descriptors">Our descriptors, which become the child's 0, 1, 2, 3 …</param>
    /// <exception cref="Win32Exception">The program could not be started.</exception>
    public static int Start(
        string path,
        IReadOnlyList<string> arguments,
        IReadOnlyList<string> environment,
        string directory,
        ReadOnlySpan<int> descriptors)
    {
        byte* actions = stackalloc byte[OpaqueSize];
        byte* attributes = stackalloc byte[OpaqueSize];
        byte* signals = stackalloc byte[OpaqueSize];
        new Span<byte>(signals, OpaqueSize).Clear();

        Check(posix_spawn_file_actions_init(actions));
        Check(posix_spawnattr_init(attributes));
        try
        {
            for (var target = 0; target < descriptors.Length; target++)
            {
                Check(posix_spawn_file_actions_adddup2(actions, descriptors[target], target));
            }

            Check(posix_spawn_file_actions_addchdir_np(actions, directory));

            // The runtime ignores SIGPIPE, and a child would inherit that: git relies on it to end.
            Check(posix_spawnattr_setsigmask(attributes, signals));
            sigfillset(signals);
            Check(posix_spawnattr_setsigdefault(attributes, signals));
            Check(posix_spawnattr_setpgroup(attributes, 0));
            Check(posix_spawnattr_setflags(attributes, SetProcessGroup | SetSignalDefaults | SetSignalMask));

            using var argv = new NativeStrings(arguments);
            using var envp = new NativeStrings(environment);
            int id;
            Check(posix_spawn(&id, path, actions, attributes, argv.Pointer, envp.Pointer));
            return id;
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>Waits for a child and returns its exit code, or 128 and the signal's number.</summary>
    public static int Wait(int processId)
    {
        int status;
        int result;
        while ((result = waitpid(processId, &status, 0)) < 0 && Marshal.GetLastPInvokeError() == InterruptedCall)
        {
        }

        if (result < 0)
        {
            return UnknownExit;
        }

        var signal = status & 0x7f;
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal;
    }

    /// <summary>Sends a signal to a whole process group; a group that is gone is no error.</summary>
    public static void SignalGroup(int groupId, int signal) => _ = kill(-groupId, signal);

    /// <summary>Gives a process group, and all that it will start, what processor time others leave; failing to do so is no error.</summary>
    public static void LowerPriority(int groupId) => _ = setpriority(ProcessGroup, groupId, LowestPriority);

    /// <summary>Two connected stream sockets, neither inherited by programs started later.</summary>
    public static (int Ours, int Theirs) SocketPair()
    {
        int* pair = stackalloc int[2];
        if (socketpair(UnixFamily, StreamSocket | CloseOnExec, 0, pair) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        return (pair[0], AboveStandard(pair[1]));
    }

    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>The exit code reported when the system no longer knows the child.</summary>
    public const int UnknownExit = 255;

    public const int SigTerm = 15;
    public const int SigKill = 9;

    private const int ProcessGroup = 1;
    private const int LowestPriority = 19;
    private const int InterruptedCall = 4;
    private const int UnixFamily = 1;
    private const int StreamSocket = 1;
    private const int CloseOnExec = 0x80000;
    private const int DuplicateCloseOnExec = 1030;

    // A descriptor that is itself one of the targets would be overwritten before it is copied.
    private static int AboveStandard(int descriptor)
    {
        if (descriptor >= 8)
        {
            return descriptor;
        }

        var copy = fcntl(descriptor, DuplicateCloseOnExec, 8);
        close(descriptor);
        return copy >= 0 ? copy : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new Win32Exception(error);
        }
    }

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int descriptor, int target);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setpgroup(byte* attributes, int group);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int sigfillset(byte* signals);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* id, string path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int id, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int id, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setpriority(int which, int id, int priority);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int family, int type, int protocol, int* pair);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);

    /// <summary>A null-terminated array of UTF-8 strings, as exec wants it.</summary>
    private readonly ref struct NativeStrings
    {
        private readonly byte** pointer;
        private readonly int count;

        public NativeStrings(IReadOnlyList<string> values)
        {
            count = values.Count;
            pointer = (byte**)NativeMemory.AllocZeroed((nuint)(count + 1), (nuint)sizeof(byte*));
            for (var index = 0; index < count; index++)
            {
                var value = values[index];
                if (value.Contains('\0', StringComparison.Ordinal))
                {
                    throw new ArgumentException("An argument or variable holds a NUL.", nameof(values));
                }

                var bytes = (byte*)NativeMemory.Alloc((nuint)Encoding.UTF8.GetMaxByteCount(value.Length) + 1);
                var length = Encoding.UTF8.GetBytes(value, new Span<byte>(bytes, Encoding.UTF8.GetMaxByteCount(value.Length)));
                bytes[length] = 0;
                pointer[index] = bytes;
            }
        }

        public byte** Pointer => pointer;

        public void Dispose()
        {
            for (var index = 0; index < count; index++)
            {
                NativeMemory.Free(pointer[index]);
            }

            NativeMemory.Free(pointer);
        }
    }
}
