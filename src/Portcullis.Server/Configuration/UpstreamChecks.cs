using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
                Report(upstream, nameof(upstream.Proxy), "a proxy is written http://host:port; user name and password stand in 'proxyCredential'");
            }

            if (upstream.ProxyCredential is { } shown)
            {
                if (upstream.Proxy is null && locations.IsSound(upstream, nameof(upstream.Proxy)))
                {
                    Report(upstream, nameof(upstream.ProxyCredential), "there is no 'proxy' that it could be shown to");
                }

                // A proxy is shown its password in one way or the other, as the upstream's URL begins.
                foreach (var origin in upstream.Lfs.Storage.Where(origin => Addresses.Web(origin)?.Scheme != Addresses.Web(upstream.Url ?? "")?.Scheme))
                {
                    problems.Add(locations.Of(upstream.Lfs, nameof(upstream.Lfs.Storage)), $"with 'proxyCredential', {Shown.Text(origin)} must begin as 'url' does, with http:// or https://");
                }

                new UpstreamCredentialChecks(problems, warnings, locations).Check(shown);
            }

            if (upstream.Suffix.Any(character => !char.IsAsciiLetterOrDigit(character) && character is not ('.' or '_' or '-')))
            {
                Report(upstream, nameof(upstream.Suffix), "a suffix has letters, digits, '.', '_' and '-' alone");
            }

            foreach (var origin in upstream.Lfs.Storage.Where(origin => Addresses.Web(origin) is not { AbsolutePath: "/", Query: "", UserInfo: "" }))
            {
                problems.Add(locations.Of(upstream.Lfs, nameof(upstream.Lfs.Storage)), $"an origin is written https://host or https://host:port, which {Shown.Text(origin)} is not");
            }

            CheckAuthorities(upstream);
            if (upstream.Credential is { } credential)
            {
                new UpstreamCredentialChecks(problems, warnings, locations).Check(credential);
            }
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
        ServesLfs = options.Lfs.Enabled,
        LfsStorage = [.. options.Lfs.Storage.Select(origin => new Uri(origin))],
        SendsLfsDownloadsToStorage = options.Lfs.Downloads == UpstreamLfsDownloads.Direct,
        KeepsAnswers = options.Cache,
        TakesPushOptions = options.PushOptions,
        Credential = options.Credential is { } credential ? UpstreamCredentialChecks.Definition(credential, new Uri(options.Url)) : null,
        CertificateAuthorityFile = options.CertificateAuthority,
        Proxy = options.Proxy is { } proxy ? new Uri(proxy) : null,
        ProxyCredential = options.ProxyCredential is { } shown ? new BasicCredentialDefinition(shown.UserName, new SecretLocation(shown.SecretFile, shown.SecretVariable)) : null,
        MaxConnections = options.MaxConnections,
        ConnectTimeout = options.ConnectTimeout,
        AnswerTimeout = options.AnswerTimeout,
        IdleTimeout = options.IdleTimeout,
    };

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

    private void CheckAuthorities(UpstreamOptions upstream)
    {
        if (upstream.CertificateAuthority is not { } file || !File.Exists(file))
        {
            return;
        }

        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            if (authorities.Count > 0)
            {
                return;
            }
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Said below.
        }

        Report(upstream, nameof(upstream.CertificateAuthority), "the file holds no certificate in PEM that can be read");
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
        else if (!Addresses.IsSafe(url) && upstream.Credential is { AllowPlainHttp: false })
        {
            Report(upstream, nameof(upstream.Url), "the credential would go over the network for all to read: use https://, or say 'allowPlainHttp: true' in 'credential'");
        }
    }

    private void Report(object section, string property, string message) => problems.Add(locations.Of(section, property), message);
}
