namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>What an operator can know of an upstream that was asked something. It holds nothing of what the upstream was shown.</summary>
public sealed record UpstreamExamination
{
    /// <summary>Why it can't be used, in a sentence; null where it can.</summary>
    public string? Problem { get; init; }

    /// <summary>What to do, in a sentence; null where nothing need be done.</summary>
    public string? Mend { get; init; }

    /// <summary>Whether the repository that was asked for is there.</summary>
    public bool HasRepository { get; init; }

    /// <summary>Whether it speaks protocol version 2; null where no repository showed it.</summary>
    public bool? SpeaksVersion2 { get; init; }

    /// <summary>How far its clock is ahead of this machine's; null where it did not tell the time.</summary>
    public TimeSpan? ClockAhead { get; init; }

    /// <summary>The version of HTTP in which it answered; null where it did not.</summary>
    public Version? HttpVersion { get; init; }
}
