namespace Portcullis.Gateway.Backends.Upstream.Credentials.GitHub;

/// <summary>An installation access token. A class and not a record: what prints its members prints no token.</summary>
internal sealed class InstallationToken
{
    private static readonly TimeSpan RefreshMargin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan UseMargin = TimeSpan.FromMinutes(1);

    /// <summary>Takes a token that was just made.</summary>
    /// <param name="value">The token: a text of any length and form (GitHub has changed both).</param>
    /// <param name="madeAt">Now.</param>
    /// <param name="expiresAt">Its end.</param>
    public InstallationToken(string value, DateTimeOffset madeAt, DateTimeOffset expiresAt)
    {
        var lifetime = expiresAt - madeAt;
        Value = value;
        MadeAt = madeAt;
        ExpiresAt = expiresAt;
        RefreshFrom = expiresAt - Shorter(RefreshMargin, lifetime / 2);
        UsableUntil = expiresAt - Shorter(UseMargin, lifetime / 4);
    }

    /// <summary>The token.</summary>
    public string Value { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset MadeAt { get; }

    /// <summary>Its end.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>From when on another one is made in the background.</summary>
    public DateTimeOffset RefreshFrom { get; }

    /// <summary>Until when a request may begin with it.</summary>
    public DateTimeOffset UsableUntil { get; }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
