namespace Portcullis.Audit.Files;

/// <summary>The file that is being written: where it ends, and how much space behind its end is held for it.</summary>
internal sealed class Segment(ILogFile file, LogFileName name, long offset) : IDisposable
{
    private long _reservedEnd = offset;

    public LogFileName Name => name;

    /// <summary>Bytes that are written.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>Bytes that can be written for certain.</summary>
    public long Headroom => _reservedEnd - Offset;

    /// <summary>Whether nobody else shortened, lengthened or removed the file.</summary>
    public bool IsUndisturbed => file.IsInPlace && file.Length == Offset;

    /// <summary>Holds space until <see cref="Headroom"/> is <paramref name="bytes"/>.</summary>
    /// <exception cref="IOException">There isn't so much.</exception>
    public void Reserve(long bytes)
    {
        if (Headroom < bytes)
        {
            file.Reserve(Offset, bytes);
            _reservedEnd = Offset + bytes;
        }
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        file.Write(Offset, bytes);
        Offset += bytes.Length;
    }

    public void Flush() => file.Flush();

    /// <summary>Takes away what a failed write left, and gives back what is reserved.</summary>
    public void Trim()
    {
        if (file.Length >= Offset)
        {
            file.SetLength(Offset);
        }

        _reservedEnd = Offset;
    }

    public void Dispose() => file.Dispose();
}
