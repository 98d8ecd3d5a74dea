namespace Portcullis.Tokens.Issuers;

/// <summary>What tells cheaply that a file may have changed.</summary>
internal readonly record struct FileStamp(DateTimeOffset Written, long Length)
{
    public static FileStamp Of(string path)
    {
        var file = new FileInfo(path);
        // Of the file that a link leads to: mounted secrets are links to links.
        FileSystemInfo target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        return target is FileInfo { Exists: true } real ? new FileStamp(real.LastWriteTimeUtc, real.Length) : throw new FileNotFoundException();
    }
}
