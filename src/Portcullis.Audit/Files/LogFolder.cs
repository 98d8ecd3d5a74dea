namespace Portcullis.Audit.Files;

/// <summary>The folder of one node's files: what is there, what comes next, and what a crash left.</summary>
internal sealed class LogFolder(string path, string node, TimeProvider clock, ILogStorage storage)
{
    public const string TornExtension = ".torn";

    public DateOnly Today => DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);

    public string PathOf(LogFileName name) => Path.Combine(path, name.FileName);

    public List<LogFileName> List() => LogFileName.List(path).FindAll(name => name.Node == node);

    public Segment Continue(LogFileName name, long length) => new(storage.Open(PathOf(name), create: false), name, length);

    /// <summary>Makes a file and holds space for it, or leaves nothing behind.</summary>
    /// <exception cref="IOException">There is no space, or the folder can't be written.</exception>
    public Segment Create(int number, long reserve)
    {
        var name = new LogFileName(node, Today, number);
        Segment? segment = null;
        try
        {
            segment = new Segment(storage.Open(PathOf(name), create: true), name, 0);
            segment.Reserve(reserve);
            DirectoryEntries.Flush(path);
            return segment;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
        catch (IOException) when (segment is not null)
        {
            segment.Dispose();
            File.Delete(PathOf(name));
            throw;
        }
    }

    public void Delete(LogFileName name) => File.Delete(PathOf(name));

    public AuditHead? ReadHead(out bool isPresent)
    {
        var bytes = HeadFile.Read(path, node);
        isPresent = bytes is not null;
        return bytes is not null && AuditHead.TryParse(bytes, out var head) ? head : null;
    }

    public void ReplaceHead(byte[] head) => HeadFile.Replace(path, node, head);

    /// <summary>Moves what a crash left behind the last whole line to a file of its own: nothing is thrown away.</summary>
    public void SetAside(LogFileName name, Tail tail)
    {
        using var file = new FileStream(PathOf(name), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        using (var torn = new FileStream(PathOf(name) + TornExtension, FileMode.Append, FileAccess.Write))
        {
            file.Position = tail.Length;
            file.CopyTo(torn);
            torn.Flush(flushToDisk: true);
        }

        file.SetLength(tail.Length);
        file.Flush(flushToDisk: true);
    }
}
