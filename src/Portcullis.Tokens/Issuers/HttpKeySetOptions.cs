namespace Portcullis.Tokens.Issuers;

/// <summary>Bounds for keys that come over HTTP. The server's own caching headers decide within them.</summary>
public sealed record HttpKeySetOptions
{
    /// <summary>A key set is kept at least this long, whatever the server says. Default: one minute.</summary>
    public TimeSpan MinimumAge { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A key set is fetched again after this time at the latest. Default: 24 hours.</summary>
    public TimeSpan MaximumAge { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a key set is kept when the server says nothing. Default: one hour.</summary>
    public TimeSpan DefaultAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long the last good set counts after its time while the server is away. Default: three days. A key that the issuer withdraws meanwhile stays good as long.</summary>
    public TimeSpan MaximumStale { get; init; } = TimeSpan.FromDays(3);

    /// <summary>After a failure, and after a look for an unknown <c>kid</c>, the server is left alone for this long. Default: 30 seconds.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A fetch is given up after this time. Default: ten seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A request that holds the last good set waits this long for a newer one. Default: two seconds.</summary>
    public TimeSpan PatienceWithLastGood { get; init; } = TimeSpan.FromSeconds(2);
}
