using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>What single values can't show: contradictions between settings, addresses, and defaults that depend on other settings.</summary>
internal sealed class ConfigurationChecks(ProblemList problems, ProblemList warnings, SettingLocations locations)
{
    /// <summary>Checks, and fills in the defaults that depend on other settings.</summary>
    public void Check(PortcullisConfiguration configuration)
    {
        var server = configuration.Server;
        var listens = new ServerChecks(problems, warnings, locations).Check(server);
        // The default of the public address is where we listen; a star is no address that anyone can use.
        var publicUrl = server.PublicUrl.Length > 0 ? server.PublicUrl.TrimEnd('/') : listens.FirstOrDefault()?.Replace("*", "localhost", StringComparison.Ordinal).TrimEnd('/') ?? "";
        server.PublicUrl = publicUrl;
        foreach (var issuer in configuration.Issuers.Where(issuer => issuer.Audience.Length == 0))
        {
            issuer.Audience = publicUrl;
        }
        new AuthorityChecks(problems, locations).Check(configuration.Authority);
        new IssuerChecks(problems, locations).Check(configuration);
        new UpstreamChecks(problems, warnings, locations).Check(configuration);
        new ForwardAuthChecks(problems, locations).Check(configuration.ForwardAuth);
        CheckRegistry(configuration.Registry);
        if (locations.IsGiven(configuration, nameof(configuration.Policy)) && !File.Exists(configuration.Policy))
        {
            Report(configuration, nameof(configuration.Policy), $"there is no file '{Shown.Text(configuration.Policy)}'");
        }
        if (configuration.Audit.Node is not { Length: >= 1 and <= 63 } node || !node.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            Report(configuration.Audit, nameof(AuditOptions.Node), "a node's name has 1 to 63 of A-Z, a-z, 0-9, '_' and '-'");
        }
    }

    private void CheckRegistry(RegistrySettings registry)
    {
        for (var i = 0; i < registry.Services.Count; i++)
        {
            var service = registry.Services[i];
            if (service.Length is 0 or > 255 || service.Any(c => c is <= ' ' or > '~' or '"' or '\\') || registry.Services.Take(i).Contains(service))
            {
                problems.Add(locations.OfItem(registry, nameof(registry.Services), i), "a service is the name in the registry's own configuration: printable ASCII without spaces, each once");
            }
        }
    }

    private void Report(object section, string property, string message) => problems.Add(locations.Of(section, property), message);
}
