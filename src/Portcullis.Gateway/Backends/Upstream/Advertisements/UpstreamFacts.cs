using Portcullis.Git;
using Portcullis.Git.Advertisements;

namespace Portcullis.Gateway.Backends.Upstream.Advertisements;

/// <summary>What an upstream offers for fetches from one repository.</summary>
/// <param name="Version2">Its capabilities in protocol version 2; null where it speaks only older ones.</param>
/// <param name="Version0">Its capabilities in version 0, where they were asked for or are all that there is.</param>
/// <param name="Format">The repository's object format.</param>
internal sealed record UpstreamFacts(CapabilityAdvertisement? Version2, CapabilityList Version0, ObjectFormat Format)
{
    /// <summary>Whether fetches may leave objects out.</summary>
    public bool CanFilter =>
        Version2 is null ? Version0.Contains("filter") : Version2.TryGetValue("fetch", out var features) && features.Split(' ').Contains("filter");
}

/// <summary>An upstream's advertisement for fetches.</summary>
/// <param name="Facts">What it offers.</param>
/// <param name="Refs">The refs; null in version 2, which lists them on request.</param>
/// <param name="Share">What it counts against <see cref="ListingBudget"/> until it is disposed.</param>
internal sealed record UpstreamDiscovery(UpstreamFacts Facts, RefSnapshot? Refs, IDisposable Share) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Share.Dispose();
}
