using System.Security.Cryptography;

namespace Portcullis.Audit.Files;

/// <summary>
/// Holds disk space by filling a file with bytes, and gives it back when the disk is full and the log needs it: for systems
/// and file systems without fallocate(2).
/// </summary>
internal sealed class Ballast : IDisposable
{
    private const int Block = 64 << 10;
    private readonly string _path;
    private readonly FileStream _stream;

    public Ballast(string path)
    {
        _path = path;
        _stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    public long Length { get; private set; }

    /// <summary>Makes the file at least so long. Random bytes: zeros would take no space where the file system compresses.</summary>
    public void Grow(long length)
    {
        if (length <= Length)
        {
            return;
        }

        var block = new byte[Block];
        try
        {
            for (; Length < length; Length += Block)
            {
                RandomNumberGenerator.Fill(block);
                RandomAccess.Write(_stream.SafeFileHandle, block, Length);
            }

            // Where blocks are allotted only when they are written back (delayed allocation), this is when the disk says no.
            RandomAccess.FlushToDisk(_stream.SafeFileHandle);
        }
        catch (IOException)
        {
            RandomAccess.SetLength(_stream.SafeFileHandle, Length);
            throw;
        }
    }

    /// <summary>Gives back at least so many bytes, and as much again for the file system's own needs.</summary>
    public void Shrink(long bytes)
    {
        Length = Math.Max(0, Length - (((bytes / Block) + 2) * Block));
        RandomAccess.SetLength(_stream.SafeFileHandle, Length);
    }

    public void Dispose()
    {
        _stream.Dispose();
        File.Delete(_path);
    }
}
