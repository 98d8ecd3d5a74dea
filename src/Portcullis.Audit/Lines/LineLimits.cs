namespace Portcullis.Audit.Lines;

/// <summary>How much of what a peer sends goes into one line. Characters are UTF-16 units before escaping.</summary>
internal static class LineLimits
{
    /// <summary>The longest line that a reader accepts. A line of <see cref="RefsPerLine"/> refs, all of them as long as allowed and escaped throughout, stays below it.</summary>
    public const int LineBytes = 8 << 20;

    public const int RefsPerLine = 1000;
    public const int RefName = 1024;
    public const int ObjectId = 64;
    public const int RefReason = 128;
    public const int Actors = 16;
    public const int Name = 256;
    public const int Reason = 512;
    public const int UserAgent = 256;
}
