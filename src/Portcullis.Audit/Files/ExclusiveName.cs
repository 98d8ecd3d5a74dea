using System.Runtime.InteropServices;

namespace Portcullis.Audit.Files;

/// <summary>
/// Gives a finished file its name, unless the name is taken, in one step. <see cref="File.Move(string, string, bool)"/> looks first and renames then on Unix: of two programs that start for
/// the first time at once, the second would take the first one's file away.
/// </summary>
internal static partial class ExclusiveName
{
    private const int FileExists = 17;

    /// <summary>Moves the file to its name. Where that is taken, or given by somebody else at the same moment, the file is deleted and the other one stays.</summary>
    /// <exception cref="IOException">The name could not be given.</exception>
    public static void Give(string temporary, string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                // MoveFileEx is one step there.
                File.Move(temporary, path, overwrite: false);
            }
            else if (Link(temporary, path) != 0 && Marshal.GetLastPInvokeError() is var error && error != FileExists)
            {
                // A file system without hard links: the name is claimed with an empty file, which open(2) makes for one caller only, and then replaced.
                Claim(path, error);
                File.Move(temporary, path, overwrite: true);
            }
        }
        catch (IOException) when (File.Exists(path))
        {
            // Somebody else was first.
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static void Claim(string path, int error)
    {
        try
        {
            using var claim = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException($"The file {Path.GetFileName(path)} could not be given its name (error {error}).", exception);
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string source, string destination);
}
