namespace Portcullis.Audit.Writing;

/// <summary>What callers may know about the writer without asking it: written by the writer alone, read by all.</summary>
internal sealed class WriterStatus
{
    private long _headroom;

    /// <summary>Bytes that can be written for certain; below zero once the log is closed or broken.</summary>
    public long Headroom
    {
        get => Volatile.Read(ref _headroom);
        set => Volatile.Write(ref _headroom, value);
    }
}
