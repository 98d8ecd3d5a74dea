using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Bounds on what callers can use. Where 0 is the default, it means no bound.</summary>
internal sealed record LimitsOptions
{
    /// <summary>The largest pack that a push may bring; 0: any.</summary>
    [Size]
    public long MaxPushBytes { get; init; }

    /// <summary>The largest Git LFS object; 0: any.</summary>
    [Size]
    public long MaxLfsObjectBytes { get; init; }

    /// <summary>Requests that one caller may make in a minute; 0: any number.</summary>
    [Between("0", "10000000")]
    public int RequestsPerMinute { get; init; }

    /// <summary>How many operations may run git at once. Others wait.</summary>
    [Between("1", "10000")]
    [DefaultText("twice the number of processors, at least 8")]
    public int MaxConcurrentGitProcesses { get; init; } = Math.Max(8, 2 * Environment.ProcessorCount);

    /// <summary>How long an operation waits for its turn before it is answered with 503.</summary>
    [Between("0", "1h")]
    public TimeSpan GitProcessQueueTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one operation may run git.</summary>
    [Between("1s", "7d")]
    public TimeSpan GitProcessTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How many refs one push may change.</summary>
    [Between("1", "10000000")]
    public int MaxRefCommands { get; init; } = 100_000;

    /// <summary>The largest request of a fetch (what it wants and has), after inflating.</summary>
    [Size]
    [Between("64KiB", "1GiB")]
    public int MaxFetchRequestBytes { get; init; } = 64 << 20;

    /// <summary>
    /// How many bytes of answers to fetches are kept on disk, to be sent again to whoever may and asks the same; 0: none. Nothing is kept while the disk has less room
    /// left than this.
    /// </summary>
    [Size]
    [Between("0", "1000TiB")]
    public long PackCacheBytes { get; init; } = 1L << 30;

    /// <summary>How long such an answer is kept.</summary>
    [Between("1s", "7d")]
    public TimeSpan PackCacheAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Bytes that a request's body must bring in each second, after the first few; slower clients are cut off. 0: any speed.</summary>
    [Size]
    [Between("0", "1GiB")]
    public int MinRequestBodyBytesPerSecond { get; init; } = 240;
}
