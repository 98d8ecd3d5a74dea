using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Git.Names;
using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Checks of <see cref="UpstreamOptions"/>, and what the gateway is given of them.</summary>
internal sealed class UpstreamChecks(ProblemList problems, ProblemList warnings, SettingLocations locations)
{
    /// <summary>Checks all.</summary>
    public void Check(PortcullisConfiguration configuration)
    {
        var seen = new List<(RepositoryPattern Pattern, UpstreamOptions Options)>();
        foreach (var upstream in configuration.Upstreams)
        {
            CheckMatch(upstream, seen);
            CheckUrl(upstream);
            if (upstream.Proxy is { } proxy && Addresses.Web(proxy) is not { AbsolutePath: "/", Query: "" })
            {
                Report(upstream, nameof(upstream.Proxy), "a proxy is written http://host:port");
            }

            if (upstream.Suffix.Any(character => !char.IsAsciiLetterOrDigit(character) && character is not ('.' or '_' or '-')))
            {
                Report(upstream, nameof(upstream.Suffix), "a suffix has letters, digits, '.', '_' and '-' alone");
            }

            CheckCredential(upstream);
        }
    }

    /// <summary>What the gateway is given of upstreams that were checked.</summary>
    public static IReadOnlyList<UpstreamDefinition> Definitions(PortcullisConfiguration configuration) => [.. configuration.Upstreams.Select(Definition)];

    private static UpstreamDefinition Definition(UpstreamOptions options) => new()
    {
        Match = RepositoryPattern.Parse(options.Match),
        Url = new Uri(options.Url),
        StripsPrefix = options.Prefix == UpstreamPrefix.Strip,
        Suffix = options.Suffix,
        Credential = options.Credential is { } credential ? Definition(credential) : null,
        CertificateAuthorityFile = options.CertificateAuthority,
        Proxy = options.Proxy is { } proxy ? new Uri(proxy) : null,
        MaxConnections = options.MaxConnections,
        ConnectTimeout = options.ConnectTimeout,
        AnswerTimeout = options.AnswerTimeout,
        IdleTimeout = options.IdleTimeout,
    };

    private static UpstreamCredentialDefinition Definition(UpstreamCredentialOptions options)
    {
        var secret = new SecretLocation(options.SecretFile, options.SecretVariable);
        return options.Kind == UpstreamCredentialKind.Basic ? new BasicCredentialDefinition(options.UserName, secret) : new BearerCredentialDefinition(secret);
    }

    private void CheckMatch(UpstreamOptions upstream, List<(RepositoryPattern Pattern, UpstreamOptions Options)> seen)
    {
        if (upstream.Match is null)
        {
            return;
        }

        if (!RepositoryPattern.TryParse(upstream.Match, out var pattern, out var problem))
        {
            Report(upstream, nameof(upstream.Match), problem.Message);
            return;
        }

        if (seen.FirstOrDefault(earlier => earlier.Pattern.Equals(pattern) || earlier.Pattern.ToString() == "*").Options is not null)
        {
            warnings.Add(locations.Of(upstream, nameof(upstream.Match)), "an upstream before this one matches all of it, so this one never serves anything");
        }

        seen.Add((pattern, upstream));
    }

    private void CheckUrl(UpstreamOptions upstream)
    {
        if (upstream.Url is null)
        {
            return;
        }

        if (Addresses.Web(upstream.Url) is not { Query: "" } url)
        {
            Report(upstream, nameof(upstream.Url), "an upstream is an http:// or https:// URL without user, query and fragment");
        }
        else if (!Addresses.IsSafe(url) && upstream.Credential is not null)
        {
            warnings.Add(locations.Of(upstream, nameof(upstream.Url)), "the credential goes over the network unprotected: use https://");
        }
    }

    private void CheckCredential(UpstreamOptions upstream)
    {
        if (upstream.Credential is not { } credential)
        {
            return;
        }

        if (credential.SecretFile is null == credential.SecretVariable is null && locations.IsSound(credential, nameof(credential.SecretFile)))
        {
            Report(credential, nameof(credential.SecretFile), "a secret is in a file or in an environment variable: name one of 'secretFile' and 'secretVariable'");
        }

        if (credential.Kind == UpstreamCredentialKind.Bearer && credential.UserName.Length > 0)
        {
            Report(credential, nameof(credential.UserName), "a bearer token has no user name");
        }

        if (credential.UserName.Any(character => character == ':' || char.IsControl(character)))
        {
            Report(credential, nameof(credential.UserName), "a user name holds no ':' and no control characters");
        }
    }

    private void Report(object section, string property, string message) => problems.Add(locations.Of(section, property), message);
}
