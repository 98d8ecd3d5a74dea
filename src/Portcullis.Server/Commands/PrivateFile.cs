namespace Portcullis.Server.Commands;

/// <summary>Files that hold secrets.</summary>
internal static class PrivateFile
{
    /// <summary>Writes a file that nobody else can open at any moment.</summary>
    /// <exception cref="CommandFailedException">There is a file already.</exception>
    public static void WriteNew(string path, string content)
    {
        try
        {
            Write(path, content, FileMode.CreateNew);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new CommandFailedException($"{path} is there already; it is left as it is.");
        }
    }

    /// <summary>Writes a file in one step, in the place of an older one.</summary>
    public static void Replace(string path, string content)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.new";
        Write(temporary, content, FileMode.CreateNew);
        File.Move(temporary, path, overwrite: true);
    }

    private static void Write(string path, string content, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(content);
    }
}
