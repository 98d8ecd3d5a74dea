using Microsoft.Win32.SafeHandles;

namespace Portcullis.Audit.Files;

/// <summary>
/// A file on the disk. Space is held by the file system itself where it can (Linux: fallocate(2) with FALLOC_FL_KEEP_SIZE),
/// and elsewhere by a <see cref="Ballast"/> file next to it.
/// </summary>
internal sealed class DiskLogFile(FileStream stream, bool canReserve) : ILogFile
{
    private readonly SafeFileHandle _handle = stream.SafeFileHandle;
    private Ballast? _ballast;

    public long Length => RandomAccess.GetLength(_handle);

    public bool IsInPlace => File.Exists(stream.Name);

    public void Reserve(long offset, long length)
    {
        if (canReserve && _ballast is null && Fallocate.TryReserve(_handle, offset, length))
        {
            return;
        }

        _ballast ??= new Ballast(stream.Name + ".reserve");
        _ballast.Grow(length);
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, offset);
        }
        catch (IOException) when (_ballast is { Length: > 0 })
        {
            _ballast.Shrink(bytes.Length);
            RandomAccess.Write(_handle, bytes, offset);
        }
    }

    public void Flush() => RandomAccess.FlushToDisk(_handle);

    public void SetLength(long length) => RandomAccess.SetLength(_handle, length);

    public void Dispose()
    {
        _ballast?.Dispose();
        stream.Dispose();
    }
}
