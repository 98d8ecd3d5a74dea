using System.Net;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>Forward authentication: who may ask, and what opens what.</summary>
public sealed record ForwardAuthOptions
{
    /// <summary>The proxy that asks.</summary>
    public required ForwardAuthProxy Proxy { get; init; }

    /// <summary>The addresses from which it asks. What comes from another is refused unread.</summary>
    public required IReadOnlyList<IPNetwork> TrustedProxies { get; init; }

    /// <summary>The rules; the first that matches counts, and what none matches is refused.</summary>
    public required IReadOnlyList<ForwardAuthRule> Rules { get; init; }

    /// <summary>Whether an address is a trusted proxy's.</summary>
    public bool IsTrusted(IPAddress? address)
    {
        if (address is null)
        {
            return false;
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return TrustedProxies.Any(network => network.Contains(plain));
    }
}
