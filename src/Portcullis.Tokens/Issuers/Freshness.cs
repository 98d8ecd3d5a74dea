using System.Net.Http.Headers;

namespace Portcullis.Tokens.Issuers;

/// <summary>How long an HTTP response may be used again: RFC 9111 §4.2, for a private cache, within our own bounds.</summary>
internal static class Freshness
{
    public static TimeSpan Lifetime(HttpResponseMessage response, DateTimeOffset now, HttpKeySetOptions bounds)
    {
        TimeSpan stated = Stated(response, now) ?? bounds.DefaultAge;
        return stated < bounds.MinimumAge ? bounds.MinimumAge : stated > bounds.MaximumAge ? bounds.MaximumAge : stated;
    }

    private static TimeSpan? Stated(HttpResponseMessage response, DateTimeOffset now)
    {
        CacheControlHeaderValue? control = response.Headers.CacheControl;
        if (control is { NoStore: true } or { NoCache: true })
        {
            return TimeSpan.Zero;
        }

        // Age: what it spent in caches on the way (§4.2.3).
        TimeSpan age = response.Headers.Age ?? TimeSpan.Zero;
        if (control?.MaxAge is { } maximum)
        {
            return maximum - age;
        }

        if (response.Content.Headers.Expires is { } expires)
        {
            return expires - (response.Headers.Date ?? now) - age;
        }

        // "Expires: 0" and other dates that are none mean "in the past" (§5.3).
        return response.Content.Headers.Contains("Expires") ? TimeSpan.Zero : null;
    }
}
