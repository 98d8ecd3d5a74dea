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
        var path = definition.StripsPrefix ? repository.Value[PrefixLength(definition.Match)..] : repository.Value;
        return new UpstreamRepository(path, new Uri($"{definition.Url.AbsoluteUri.TrimEnd('/')}/{path}{definition.Suffix}"));
    }

    /// <summary>The URL of one of its endpoints.</summary>
    public Uri Endpoint(string relative) => new($"{Url.AbsoluteUri}/{relative}");

    private static int PrefixLength(RepositoryPattern match) => match.Pattern.Parts[0].LastIndexOf('/') + 1;
}
