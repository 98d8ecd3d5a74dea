namespace Portcullis.Gateway.Backends.Host.Freshness;

/// <summary>What the file system says of a file without its content. Two equal stamps mean the same content only as <see cref="FileTimes"/> says.</summary>
/// <param name="Device">The file system; 0 when there is no file.</param>
/// <param name="Inode">The file's number there.</param>
/// <param name="Size">Its length.</param>
/// <param name="Mode">Its kind and permissions.</param>
/// <param name="Links">How many names it has: none is left of an open file that was replaced, whatever its times say.</param>
/// <param name="Modified">When its content was changed, in nanoseconds since 1970; programs can set it.</param>
/// <param name="Changed">When anything about it was changed, renaming included; only the kernel sets it.</param>
internal readonly record struct FileStamp(ulong Device, ulong Inode, ulong Size, uint Mode, uint Links, long Modified, long Changed)
{
    private const uint KindMask = 0xf000;
    private const uint DirectoryKind = 0x4000;
    private const uint RegularKind = 0x8000;

    /// <summary>The stamp of a file that is not there.</summary>
    public static FileStamp Absent => default;

    /// <summary>Whether there is a file.</summary>
    public bool Exists => Mode != 0;

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory => (Mode & KindMask) == DirectoryKind;

    /// <summary>Whether it is a regular file.</summary>
    public bool IsRegular => (Mode & KindMask) == RegularKind;

    /// <summary>Whether both are stamps of one file, changed or not.</summary>
    public bool IsSameFileAs(in FileStamp other) => Exists && Device == other.Device && Inode == other.Inode;
}
