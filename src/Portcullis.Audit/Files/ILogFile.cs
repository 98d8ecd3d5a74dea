namespace Portcullis.Audit.Files;

/// <summary>One file that is written. Every failure is an <see cref="IOException"/>.</summary>
internal interface ILogFile : IDisposable
{
    /// <summary>The file's length as the file system has it now.</summary>
    long Length { get; }

    /// <summary>Whether the file can still be found by its name.</summary>
    bool IsInPlace { get; }

    /// <summary>Makes sure that <paramref name="length"/> bytes from <paramref name="offset"/> on can be written, whatever else fills the disk.</summary>
    void Reserve(long offset, long length);

    /// <summary>Writes all bytes.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Waits until what was written is on the disk.</summary>
    void Flush();

    /// <summary>Cuts the file, and gives back what is reserved behind.</summary>
    void SetLength(long length);
}
