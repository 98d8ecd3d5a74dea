namespace Portcullis.Gateway.Backends.Host.Freshness;

/// <summary>
/// The file systems whose stamps are true at once and come from this kernel's clock. Over a network, or from a host, a stamp may be a remembered one,
/// given by another clock.
/// </summary>
internal static class LocalFileSystem
{
    private const uint Overlay = 0x794c7630;

    // statfs(2): ext2 to ext4, XFS, Btrfs, tmpfs, overlayfs, F2FS, ZFS, ramfs, bcachefs.
    private static readonly HashSet<uint> Kinds =
        [0xef53, 0x58465342, 0x9123683e, 0x01021994, Overlay, 0xf2f52010, 0x2fc12fc1, 0x858458f6, 0xca451a4e];

    /// <summary>Whether a path, or the nearest folder above it that exists, is on such a file system.</summary>
    public static bool Holds(string path) => Kinds.Contains(KindOf(path));

    /// <summary>
    /// Whether, besides, a file that is open tells when another takes its place. One of a lower layer of overlayfs(5), which is not written, does not.
    /// </summary>
    public static bool TellsOfReplacement(string path) => KindOf(path) is not Overlay and var kind && Kinds.Contains(kind);

    private static uint KindOf(string path)
    {
        for (var current = path; current is not null; current = Path.GetDirectoryName(current))
        {
            if (NativeFile.FileSystemKind(NativeFile.PathBytes(current)) is not 0 and var kind)
            {
                return kind;
            }
        }

        return 0;
    }
}
