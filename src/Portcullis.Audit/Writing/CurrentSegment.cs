using Portcullis.Audit.Files;

namespace Portcullis.Audit.Writing;

/// <summary>The file in use: its space, and when the next one is due. Attempts that fail are not repeated for a moment.</summary>
internal sealed class CurrentSegment(AuditLogOptions options, TimeProvider clock, LogFolder folder, Segment segment)
{
    private static readonly TimeSpan LookAfter = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(25);

    private long? _failedAt;
    private long _troubledAt;
    private long _lookedAt;

    public Segment Segment { get; private set; } = segment;

    /// <summary>How long a full disk is left alone before it is asked again; longer each time for one that fails again and again.</summary>
    public TimeSpan RetryAfter { get; private set; } = FirstRetry;

    public bool IsNextDue => (Segment.Offset >= options.MaxFileBytes || Segment.Name.Day != folder.Today) && MayAttempt;

    private bool MayAttempt => _failedAt is not { } failed || clock.GetElapsedTime(failed) >= RetryAfter;

    /// <summary>Whether somebody else shortened, lengthened or removed the file: looked at before a group is written, and not for each.</summary>
    public bool IsDisturbed()
    {
        if (_lookedAt != 0 && clock.GetElapsedTime(_lookedAt) < LookAfter)
        {
            return false;
        }

        _lookedAt = clock.GetTimestamp();
        return !Segment.IsUndisturbed;
    }

    /// <summary>Whether <paramref name="bytes"/> can be written and <paramref name="keep"/> more after them. Asks for more space in good time.</summary>
    public bool HasSpace(long bytes, long keep)
    {
        var isLow = Segment.Headroom - bytes < options.ReserveBytes / 4 * 3;
        if ((isLow || Segment.Headroom < bytes + keep) && MayAttempt)
        {
            try
            {
                Segment.Reserve(bytes + Math.Max(keep, options.ReserveBytes));
                _failedAt = null;
            }
            catch (IOException)
            {
                _failedAt = clock.GetTimestamp();
            }
        }

        return Segment.Headroom >= bytes + keep;
    }

    /// <summary>Makes the file that comes next, with its space.</summary>
    public Segment? TryCreateNext()
    {
        if (!MayAttempt)
        {
            return null;
        }

        try
        {
            var next = folder.Create(Segment.Offset == 0 ? DropEmpty() : Segment.Name.Number + 1, options.ReserveBytes);
            _failedAt = null;
            return next;
        }
        catch (IOException)
        {
            _failedAt = clock.GetTimestamp();
            return null;
        }
    }

    /// <summary>The file failed: the next one waits a moment, and twice as long each time that this happens within a minute of the last.</summary>
    public void NoteTrouble()
    {
        var isRepeated = _troubledAt != 0 && clock.GetElapsedTime(_troubledAt) < TimeSpan.FromMinutes(1);
        RetryAfter = isRepeated && RetryAfter < LastRetry ? RetryAfter * 2 : isRepeated ? RetryAfter : FirstRetry;
        _troubledAt = clock.GetTimestamp();
        if (isRepeated)
        {
            _failedAt = _troubledAt;
        }
    }

    /// <summary>Closes the file in use, giving back the space behind its end, and goes on with another.</summary>
    public void SwitchTo(Segment? next)
    {
        try
        {
            Segment.Flush();
            Segment.Trim();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The file failed before, or somebody took it away: what it holds is what the verifier will find.
        }

        Segment.Dispose();
        Segment = next ?? Segment;
    }

    /// <summary>A file that failed before its first line leaves its number to the next, so that the numbers keep no gap.</summary>
    private int DropEmpty()
    {
        Segment.Dispose();
        folder.Delete(Segment.Name);
        return Segment.Name.Number;
    }
}
