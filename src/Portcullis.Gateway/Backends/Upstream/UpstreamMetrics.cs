using System.Diagnostics.Metrics;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>What is measured of upstreams. Labels are the definitions' patterns and words of our own: no caller can make them grow.</summary>
internal static class UpstreamMetrics
{
    private static readonly Meter s_meter = new("Portcullis.Upstreams");

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>(
        "portcullis.upstream.request.duration", "s", "Time until an upstream began its answer to a request, by outcome.");

    private static readonly Counter<long> s_mirrorFetches = s_meter.CreateCounter<long>(
        "portcullis.upstream.mirror.fetches", "{fetch}", "Fetches of what must be known of an upstream's repository to decide.");

    private static readonly Counter<long> s_kept = s_meter.CreateCounter<long>(
        "portcullis.upstream.answers", "{fetch}", "Fetches whose answers may be kept, by outcome: hit or miss.");

    private static readonly Counter<long> s_proofs = s_meter.CreateCounter<long>(
        "portcullis.upstream.push.proofs", "{push}", "Pushes that were looked at before they were handed on, by outcome.");

    /// <summary>A request has been answered, or not.</summary>
    /// <param name="upstream">The definition's name.</param>
    /// <param name="service">The service.</param>
    /// <param name="outcome"><c>ok</c>, <c>missing</c> or the code of a failure.</param>
    /// <param name="duration">How long it took.</param>
    public static void Answered(string upstream, GitService service, string outcome, TimeSpan duration) =>
        s_duration.Record(duration.TotalSeconds, new("upstream", upstream), new("service", service.Name()), new("outcome", outcome));

    /// <summary>A mirror has been fetched into.</summary>
    public static void MirrorFetched(string upstream) => s_mirrorFetches.Add(1, new KeyValuePair<string, object?>("upstream", upstream));

    /// <summary>A fetch was answered from what is kept, or is kept from now on.</summary>
    public static void Kept(string upstream, bool isHit) => s_kept.Add(1, new("upstream", upstream), new("outcome", isHit ? "hit" : "miss"));

    /// <summary>A push has been looked at.</summary>
    /// <param name="upstream">The definition's name.</param>
    /// <param name="outcome"><c>proved</c> or the code of a refusal.</param>
    public static void Inspected(string upstream, string outcome) => s_proofs.Add(1, new("upstream", upstream), new("outcome", outcome));
}
