namespace Portcullis.Tokens.Revocation;

/// <summary>Bounds for a feed that is read over HTTP.</summary>
public sealed record RevocationFeedOptions
{
    /// <summary>How long the feed's server is asked to hold a request until something changes (RFC 7240 §4.3). Default: 25 seconds.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>A request is given up this long after its wait should have ended. Default: ten seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The first pause after a failure; it doubles with each, up to <see cref="LongestPause"/>. Default: one second.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause after failures. Default: 15 seconds.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long what was read last counts while the feed can't be read. After that nothing is known: tokens can't be accepted. Default: five minutes.</summary>
    public TimeSpan MaximumAge { get; init; } = TimeSpan.FromMinutes(5);
}
