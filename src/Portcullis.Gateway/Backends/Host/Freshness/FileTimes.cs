namespace Portcullis.Gateway.Backends.Host.Freshness;

/// <summary>
/// How far a stamp can be trusted. The kernel gives files the time of its last tick, so that two changes within one tick leave the same time: git's index knows
/// such files as racily clean. A file that was read that soon after its last change is read again.
/// </summary>
internal static class FileTimes
{
    // The longest tick is 10 ms (HZ=100).
    private const long FineTick = 30_000_000;

    // A file system that keeps no fractions: ext3, ext4 with small inodes.
    private const long CoarseTick = 2_100_000_000;

    /// <summary>The time that the kernel would give a file that changes now.</summary>
    public static long Now => NativeFile.CoarseTime();

    /// <summary>
    /// Whether any change after <paramref name="readAt"/> leaves another stamp than this. Every change, in place, by renaming or by removal, sets
    /// <see cref="FileStamp.Changed"/>, which no program can set otherwise; so it is enough that it lies a tick before the reading began.
    /// </summary>
    /// <param name="stamp">The stamp, taken at or after <paramref name="readAt"/> and before the content was read.</param>
    /// <param name="readAt">A time from <see cref="Now"/>.</param>
    public static bool IsSettled(in FileStamp stamp, long readAt) =>
        !stamp.Exists || stamp.Changed < readAt - (stamp.Changed % 1_000_000_000 == 0 ? CoarseTick : FineTick);
}
