using Portcullis.Git.Advertisements;

namespace Portcullis.Gateway.Backends.Upstream.Advertisements;

/// <summary>The refs that an upstream offers for fetches. They count against <see cref="ListingBudget"/> until they are disposed.</summary>
internal sealed class UpstreamListing(RefSnapshot refs, UpstreamFacts facts, IDisposable share) : IDisposable
{
    /// <summary>The refs.</summary>
    public RefSnapshot Refs => refs;

    /// <summary>What the upstream offers.</summary>
    public UpstreamFacts Facts => facts;

    /// <inheritdoc/>
    public void Dispose() => share.Dispose();
}

/// <summary>An upstream's advertisement for pushes, which counts in the same way.</summary>
internal sealed class UpstreamPushAdvertisement(RefAdvertisement parsed, ReadOnlyMemory<byte> bytes, IDisposable share) : IDisposable
{
    /// <summary>It as it was understood.</summary>
    public RefAdvertisement Parsed => parsed;

    /// <summary>It as it came.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <inheritdoc/>
    public void Dispose() => share.Dispose();
}
