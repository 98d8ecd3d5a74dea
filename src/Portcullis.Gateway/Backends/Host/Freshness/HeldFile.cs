namespace Portcullis.Gateway.Backends.Host.Freshness;

/// <summary>
/// A file of the installation that is asked about with every request, such as the git program, and is held open so that asking takes no walk along its path; of an absent file, the
/// directory that it would be in. A change in place, a replacement, a removal and a new file all touch what is open, and are seen at once. What leads another way to it without
/// touching it, a directory above it that is moved or mounted over, is seen within a second. A file behind a symbolic link is not held.
/// </summary>
internal sealed class HeldFile(string path) : IDisposable
{
    private const long MillisecondsBetweenWalks = 1000;

    private readonly byte[] path = NativeFile.PathBytes(path);
    private readonly byte[] directory = NativeFile.PathBytes(Path.GetDirectoryName(path) ?? "/");
    private readonly Lock gate = new();
    private volatile Held? held;
    private long walkedAt = Environment.TickCount64 - MillisecondsBetweenWalks;

    /// <summary>The file's stamp now.</summary>
    /// <returns>False when it can't be told.</returns>
    public bool TryStamp(out FileStamp stamp)
    {
        if (Environment.TickCount64 - Volatile.Read(ref walkedAt) >= MillisecondsBetweenWalks)
        {
            LookUp();
        }

        return (held is { } known && known.TryStamp(out stamp)) || NativeFile.TryStamp(path, follow: true, out stamp);
    }

    /// <summary>Walks along the path, and holds from now on what is there.</summary>
    public void LookUp()
    {
        lock (gate)
        {
            Volatile.Write(ref walkedAt, Environment.TickCount64);
            var (known, found) = (held, Open());
            if (known is not null && found is not null && known.IsSameAs(found))
            {
                found.Dispose();
                return;
            }

            held = found;
            known?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            held?.Dispose();
            held = null;
        }
    }

    private Held? Open()
    {
        if (NativeFile.TryOpenWithoutLinks(path, directory: false) is { } file)
        {
            return new(file, null);
        }

        var openedAt = FileTimes.Now;
        if (NativeFile.TryOpenWithoutLinks(directory, directory: true) is not { } folder)
        {
            return null;
        }

        // Nothing comes into a directory without leaving another stamp on it.
        var empty = folder.Stamp();
        if (FileTimes.IsSettled(empty, openedAt) && NativeFile.TryStamp(path, follow: false, out var stamp) && !stamp.Exists)
        {
            return new(folder, empty);
        }

        folder.Dispose();
        return null;
    }

    // One that was closed meanwhile has the stamp of something else, or none, and proves nothing.
    private sealed class Held(NativeFile.OpenFile file, FileStamp? folderWithout) : IDisposable
    {
        private readonly NativeFile.OpenFile file = file;
        private readonly FileStamp? folderWithout = folderWithout;

        public bool TryStamp(out FileStamp stamp)
        {
            stamp = file.Stamp();
            if (folderWithout is not { } without)
            {
                return stamp.Exists;
            }

            var isAbsent = stamp == without;
            stamp = FileStamp.Absent;
            return isAbsent;
        }

        public bool IsSameAs(Held other) => folderWithout == other.folderWithout && file.Stamp().IsSameFileAs(other.file.Stamp());

        public void Dispose() => file.Dispose();
    }
}
