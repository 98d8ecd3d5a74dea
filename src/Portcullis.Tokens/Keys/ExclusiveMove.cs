using System.Runtime.InteropServices;

namespace Portcullis.Tokens.Keys;

/// <summary>
/// Gives a finished file its name, unless the name is taken: in one step, whoever else tries the same. <see cref="File.Move(string, string, bool)"/> looks first and renames then on Unix, so that of two
/// programs that start at once the second one takes the first one's key away.
/// </summary>
internal static class ExclusiveMove
{
    private const int FileExists = 17;

    /// <summary>Returns whether the file got the name; if not, it is still where it was.</summary>
    /// <exception cref="IOException">Neither: the folder can't be written, or the like.</exception>
    public static bool TryMove(string source, string destination)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(source, destination, overwrite: false);
                return true;
            }
            catch (IOException) when (File.Exists(destination))
            {
                return false;
            }
        }

        if (Link(source, destination) == 0)
        {
            File.Delete(source);
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error == FileExists ? false : MoveWithoutLinks(source, destination, error);
    }

    // A file system without hard links (FAT, some network file systems): the name is claimed with an empty file, which open(2) makes for one caller only, and then replaced.
    private static bool MoveWithoutLinks(string source, string destination, int error)
    {
        try
        {
            using (new FileStream(destination, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
            }
        }
        catch (IOException) when (File.Exists(destination))
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The file could not be given its name (error {error}).");
        }

        File.Move(source, destination, overwrite: true);
        return true;
    }

    // link(2).
    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string source, [MarshalAs(UnmanagedType.LPUTF8Str)] string destination);
}
