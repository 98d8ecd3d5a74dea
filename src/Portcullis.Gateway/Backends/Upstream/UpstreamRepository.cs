using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>Where a repository is at its upstream.</summary>
/// <param name="Path">Its path there, without the suffix.</param>
/// <param name="Url">Its URL, without a slash at the end.</param>
internal sealed record UpstreamRepository(string Path, Uri Url)
{
    /// <summary>Finds a repository that the definition matches.</summary>
    /// <remarks>A path holds no character that a URL would escape or take for something else (<see cref="RepositoryPath"/>), so it is put in as it is.</remarks>
    public static UpstreamRepository Of(UpstreamDefinition definition, RepositoryPath repository)
    {
        var path = repository.Value[PrefixOf(definition).Length..];
        return new UpstreamRepository(path, new Uri($"{definition.Url.AbsoluteUri.TrimEnd('/')}/{path}{definition.Suffix}"));
    }

    /// <summary>The URL of one of its endpoints.</summary>
    public Uri Endpoint(string relative) => Endpoint(Url, relative);

    /// <summary>The URL of one of the endpoints of a repository.</summary>
    public static Uri Endpoint(Uri repository, string relative) => new($"{repository.AbsoluteUri}/{relative}");

    /// <summary>What stands before a repository's path there in its name here; may be empty.</summary>
    public static string PrefixOf(UpstreamDefinition definition)
    {
        var start = definition.Match.Pattern.Parts[0];
        return definition.StripsPrefix ? start[..(start.LastIndexOf('/') + 1)] : "";
    }
}
