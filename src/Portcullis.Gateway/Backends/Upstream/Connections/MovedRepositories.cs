using System.Collections.Concurrent;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>Where an upstream's repositories are that it does not serve where the operator says: what a discovery found out, for the requests that follow it.</summary>
internal sealed class MovedRepositories
{
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<string, Uri> kept = new(StringComparer.Ordinal);

    /// <summary>The URL at which a repository was last.</summary>
    public Uri Find(UpstreamRepository repository) => kept.TryGetValue(repository.Path, out var url) ? url : repository.Url;

    /// <summary>Keeps where it was found.</summary>
    public void Keep(UpstreamRepository repository, Uri url)
    {
        if (ReferenceEquals(url, repository.Url))
        {
            if (!kept.IsEmpty)
            {
                kept.TryRemove(repository.Path, out _);
            }

            return;
        }

        if (kept.Count >= MaxKept)
        {
            kept.Clear();
        }

        kept[repository.Path] = url;
    }
}
