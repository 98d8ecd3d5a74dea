using Portcullis.Gateway.ForwardAuth;

namespace Portcullis.Server.Configuration;

/// <summary>Forward authentication: a proxy asks at <c>/auth/check</c> whether a request may pass.</summary>
internal sealed record ForwardAuthSettings
{
    /// <summary>The proxy that asks, and so the convention by which it says what the client asked for. None: the address is not served.</summary>
    public ForwardAuthProxy? Proxy { get; init; }

    /// <summary>The addresses from which the proxy asks, each an address or a network such as <c>10.0.0.0/8</c>. Questions from others are refused.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>What opens what: the first rule that matches a request counts, and what none matches is refused.</summary>
    public IReadOnlyList<ForwardAuthRuleSettings> Rules { get; init; } = [];
}
