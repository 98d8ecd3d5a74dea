namespace Portcullis.Gateway.Backends.Host.Freshness;

/// <summary>
/// A repository's directory, open for one request: what belongs to the repository is looked up from there, by short paths, and cannot become another repository's in between.
/// Once closed it proves nothing.
/// </summary>
internal sealed class RepositoryFolder : BackendRepository
{
    private NativeFile.OpenFile? folder;
    private long lookedAt;

    private RepositoryFolder(string path, NativeFile.OpenFile? folder, long openedAt)
    {
        Path = path;
        this.folder = folder;
        lookedAt = openedAt;
        Stamp = folder?.Stamp() ?? FileStamp.Absent;
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>The stamp that it had when it was opened or looked at; that of an absent file where there is none, or this system can't tell.</summary>
    public FileStamp Stamp { get; private set; }

    /// <summary>Whether its stamp changes with every entry that comes, goes or is replaced after it was taken (<see cref="FileTimes.IsSettled"/>).</summary>
    public bool IsSettled => Stamp.Exists && FileTimes.IsSettled(Stamp, lookedAt);

    /// <summary>Opens a repository's directory, wherever links lead to. Where there is none, nothing is proved.</summary>
    public static RepositoryFolder Open(string path)
    {
        if (!NativeFile.IsSupported)
        {
            return new(path, null, 0);
        }

        var openedAt = FileTimes.Now;
        return new(path, NativeFile.TryOpenFolder(NativeFile.PathBytes(path)), openedAt);
    }

    /// <summary>Opens a repository's directory if no part of its path is a link; else null.</summary>
    public static RepositoryFolder? TryOpenWithoutLinks(string path)
    {
        if (!NativeFile.IsSupported)
        {
            return null;
        }

        var openedAt = FileTimes.Now;
        return NativeFile.TryOpenWithoutLinks(NativeFile.PathBytes(path), directory: true) is { } folder ? new(path, folder, openedAt) : null;
    }

    /// <summary>Takes its stamp anew, after something was waited for.</summary>
    public void Look()
    {
        lookedAt = folder is null ? 0 : FileTimes.Now;
        Stamp = folder?.Stamp() ?? FileStamp.Absent;
    }

    /// <summary>The stamp of a path from here, or of an absolute one (<see cref="NativeFile.OpenFile.TryStamp"/>).</summary>
    public bool TryStamp(ReadOnlySpan<byte> path, bool follow, out FileStamp stamp)
    {
        stamp = FileStamp.Absent;
        return folder is not null && folder.TryStamp(path, follow, out stamp);
    }

    /// <summary>Opens a file or directory for reading (<see cref="NativeFile.OpenFile.TryOpen"/>).</summary>
    public NativeFile.OpenFile? TryOpen(byte[] path, bool follow = false, bool directory = false) => folder?.TryOpen(path, follow, directory);

    /// <inheritdoc/>
    public override void Dispose() => Interlocked.Exchange(ref folder, null)?.Dispose();
}
