using System.Diagnostics.CodeAnalysis;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>Where an upstream sends this server, and what that means: the same repository in another spelling, another repository there, or somewhere else.</summary>
internal sealed record UpstreamRedirect
{
    private UpstreamRedirect()
    {
    }

    /// <summary>The URL of the repository that was decided about, as the upstream spells it; null where it is another.</summary>
    public Uri? Repository { get; private init; }

    /// <summary>The repository's new name, as it is called here: one that rules and permissions may treat otherwise. Null where it is none that this upstream serves.</summary>
    public RepositoryPath? Renamed { get; private init; }

    /// <summary>Reads a redirect.</summary>
    /// <param name="definition">The upstream.</param>
    /// <param name="asked">The repository that was asked for.</param>
    /// <param name="endpoint">What followed the repository's URL in the request: a redirect must keep it, as git itself wants (remote-curl.c, <c>update_url_from_redirect</c>).</param>
    /// <param name="location">Where it leads.</param>
    public static UpstreamRedirect Of(UpstreamDefinition definition, UpstreamRepository asked, string endpoint, Uri location)
    {
        var tail = "/" + endpoint;
        if (!IsOwnOrigin(definition.Url, location) || !location.PathAndQuery.EndsWith(tail, StringComparison.Ordinal))
        {
            return new UpstreamRedirect();
        }

        var path = location.PathAndQuery[..^tail.Length];
        var root = definition.Url.AbsolutePath.TrimEnd('/') + "/";
        if (path.Contains('?', StringComparison.Ordinal) || !path.StartsWith(root, StringComparison.OrdinalIgnoreCase))
        {
            return new UpstreamRedirect();
        }

        var name = path[root.Length..];
        if (IsSpelling(name, asked.Path, definition.Suffix))
        {
            return new UpstreamRedirect { Repository = new Uri(location.GetLeftPart(UriPartial.Authority) + path) };
        }

        return new UpstreamRedirect { Renamed = TryName(definition, name, out var renamed) ? renamed : null };
    }

    // There where the operator sent us: the same scheme, host and port; or the same host by TLS, at the port that belongs to it.
    private static bool IsOwnOrigin(Uri own, Uri location) =>
        location.UserInfo.Length == 0
        && location.Fragment.Length == 0
        && location.IdnHost.Equals(own.IdnHost, StringComparison.OrdinalIgnoreCase)
        && ((location.Scheme == own.Scheme && location.Port == own.Port)
            || (own.Scheme == Uri.UriSchemeHttp && location.Scheme == Uri.UriSchemeHttps && own.IsDefaultPort && location.IsDefaultPort));

    private static bool IsSpelling(string name, string path, string suffix) =>
        name.Equals(path, StringComparison.OrdinalIgnoreCase)
        || name.Equals(path + ".git", StringComparison.OrdinalIgnoreCase)
        || name.Equals(path + suffix, StringComparison.OrdinalIgnoreCase);

    private static bool TryName(UpstreamDefinition definition, string name, [NotNullWhen(true)] out RepositoryPath? renamed)
    {
        foreach (var suffix in (string[])[definition.Suffix, ".git"])
        {
            if (suffix.Length > 0 && name.EndsWith(suffix, StringComparison.Ordinal))
            {
                name = name[..^suffix.Length];
                break;
            }
        }

        // What is served under this name must be what the upstream means: the same way there and back.
        return RepositoryPath.TryParse(UpstreamRepository.PrefixOf(definition) + name, out renamed) && definition.Match.IsMatch(renamed);
    }
}
