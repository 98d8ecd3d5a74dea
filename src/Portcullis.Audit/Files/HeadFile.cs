namespace Portcullis.Audit.Files;

/// <summary>The file with a node's newest head. It is replaced as a whole, so that a reader finds the old one or the new one.</summary>
internal static class HeadFile
{
    public const string Extension = ".head";

    public static string PathOf(string directory, string node) => Path.Combine(directory, node + Extension);

    public static void Replace(string directory, string node, byte[] bytes)
    {
        var path = PathOf(directory, node);
        var temporary = path + ".new";
        using (var file = DiskLogStorage.Create(temporary))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        DirectoryEntries.Flush(directory);
    }

    /// <summary>Reads the bytes, at most a few more than a head can have; <see langword="null"/> where there is no file.</summary>
    public static byte[]? Read(string directory, string node)
    {
        try
        {
            using var file = new FileStream(PathOf(directory, node), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[Lines.CheckpointLine.MaxBytes + 1];
            return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
