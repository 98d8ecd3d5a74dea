namespace Portcullis.Tokens.Issuers;

/// <summary>Reads a small file whole, and a large one not at all.</summary>
internal static class BoundedFile
{
    /// <exception cref="IOException">It is longer than <paramref name="maximumBytes"/>, or can't be read.</exception>
    public static byte[] Read(string path, long maximumBytes)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        byte[] buffer = new byte[maximumBytes + 1];
        int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length <= maximumBytes ? buffer[..length] : throw new Keys.KeySetFormatException($"The file is longer than {maximumBytes} bytes.");
    }

    /// <summary>A sentence when others than the owner may read or write the file; on Windows, and where all is well, <see langword="null"/>.</summary>
    public static string? FindModeProblem(string path)
    {
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (OperatingSystem.IsWindows() || !File.Exists(path))
        {
            return null;
        }

        return (File.GetUnixFileMode(path) & Others) != 0 ? "Others than the owner may read or write the file; chmod 600 it." : null;
    }
}
