using Portcullis.Git.Advertisements;

namespace Portcullis.Gateway.Backends.Host.Advertisements;

/// <summary>Takes away what a caller who does not see every ref could use to learn of hidden ones.</summary>
internal static class RestrictedCapabilities
{
    /// <summary>Protocol version 2: no <c>object-info</c>, which answers for any object; no bundles or pack files made for everyone.</summary>
    public static CapabilityAdvertisement Of(CapabilityAdvertisement offered) =>
        offered.Without("object-info").Without("bundle-uri").WithoutValue("fetch", "packfile-uris");

    /// <summary>Versions 0 and 1, and pushes: no wants beyond the tips that are shown.</summary>
    public static CapabilityList Of(CapabilityList offered) =>
        offered.Without("allow-tip-sha1-in-want").Without("allow-reachable-sha1-in-want");
}
