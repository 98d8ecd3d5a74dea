using System.Net;
using System.Threading.RateLimiting;
using Portcullis.Gateway.Requests;

namespace Portcullis.Gateway.Pipeline;

/// <summary>Bounds the requests of one caller, or of one address where the caller is not known, in a minute.</summary>
internal sealed class RequestLimiter : IDisposable
{
    private readonly PartitionedRateLimiter<string>? limiter;

    /// <summary>Makes a limiter.</summary>
    /// <param name="requestsPerMinute">The bound; 0 for none.</param>
    public RequestLimiter(int requestsPerMinute)
    {
        if (requestsPerMinute > 0)
        {
            limiter = PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetSlidingWindowLimiter(
                key,
                _ => new SlidingWindowRateLimiterOptions
                {
                    PermitLimit = requestsPerMinute,
                    Window = TimeSpan.FromMinutes(1),
                    SegmentsPerWindow = 6,
                    QueueLimit = 0,
                }));
        }
    }

    /// <summary>Counts a request. Returns how long to wait when it is one too many, and null otherwise.</summary>
    public TimeSpan? Check(Caller? caller, IPAddress? address)
    {
        if (limiter is null)
        {
            return null;
        }

        var key = caller is null ? "address " + address : $"subject {caller.Issuer} {caller.Subject}";
        using var lease = limiter.AttemptAcquire(key);
        return lease.IsAcquired ? null
            : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait
            : TimeSpan.FromSeconds(10);
    }

    /// <inheritdoc/>
    public void Dispose() => limiter?.Dispose();
}
