using System.Net;
using Portcullis.Gateway.ForwardAuth;
using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Checks of <see cref="ForwardAuthSettings"/>, and what the gateway makes of them.</summary>
internal sealed class ForwardAuthChecks(ProblemList problems, SettingLocations locations)
{
    /// <summary>The gateway's part of the settings; null where forward authentication is off.</summary>
    public static ForwardAuthOptions? OptionsOf(ForwardAuthSettings settings) => settings.Proxy is not { } proxy ? null : new ForwardAuthOptions
    {
        Proxy = proxy,
        TrustedProxies = [.. settings.TrustedProxies.Select(text => TryReadNetwork(text, out var network) ? network : throw new FormatException(text))],
        Rules =
        [
            .. settings.Rules.Select(rule =>
                ForwardAuthRule.TryCreate(rule.Host, rule.Path, rule.Methods, rule.Requires, out var made, out var problem) ? made : throw new FormatException(problem)),
        ],
    };

    public void Check(ForwardAuthSettings settings)
    {
        for (var i = 0; i < settings.TrustedProxies.Count; i++)
        {
            if (!TryReadNetwork(settings.TrustedProxies[i], out var network))
            {
                problems.Add(locations.OfItem(settings, nameof(settings.TrustedProxies), i), $"'{Shown.Text(settings.TrustedProxies[i])}' is no address and no network; write 10.0.0.7, 10.0.0.0/8 or fd00::/8");
            }
            else if (network.PrefixLength == 0)
            {
                problems.Add(locations.OfItem(settings, nameof(settings.TrustedProxies), i), "everybody would be trusted: name the addresses of the proxies");
            }
        }
        foreach (var rule in settings.Rules)
        {
            if (locations.IsSound(rule, nameof(rule.Requires)) && !ForwardAuthRule.TryCreate(rule.Host, rule.Path, rule.Methods, rule.Requires, out _, out var problem))
            {
                problems.Add(locations.Of(rule, nameof(rule.Path)), problem);
            }
        }
        if (settings.Proxy is null)
        {
            if (settings.Rules.Count > 0 || settings.TrustedProxies.Count > 0)
            {
                problems.Add(locations.Of(settings, nameof(settings.Proxy)), "say which 'proxy' asks: nginx, caddy, traefik, haproxy or envoy");
            }
            return;
        }
        if (settings.TrustedProxies.Count == 0)
        {
            problems.Add(locations.Of(settings, nameof(settings.TrustedProxies)), "no proxy could ask: name its addresses");
        }
        if (settings.Rules.Count == 0)
        {
            problems.Add(locations.Of(settings, nameof(settings.Rules)), "no request could pass: say under 'rules' what opens what");
        }
    }

    private static bool TryReadNetwork(string text, out IPNetwork network)
    {
        network = default;
        if (!text.Contains('/') && IPAddress.TryParse(text, out var address) && (text.Contains(':') || text.Count(c => c == '.') == 3))
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }
        return IPNetwork.TryParse(text, out network);
    }
}
