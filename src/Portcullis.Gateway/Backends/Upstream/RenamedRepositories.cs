using System.Collections.Concurrent;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>Names that an upstream's repositories had once, and have now: what a discovery found out, for the requests that follow it under the old name.</summary>
internal sealed class RenamedRepositories
{
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<RepositoryPath, RepositoryPath> kept = [];

    /// <summary>The name that a repository has by now; null where none is known.</summary>
    public RepositoryPath? Find(RepositoryPath repository) => kept.GetValueOrDefault(repository);

    /// <summary>Keeps a new name.</summary>
    public void Keep(RepositoryPath repository, RepositoryPath renamed)
    {
        if (kept.Count >= MaxKept)
        {
            kept.Clear();
        }

        kept[repository] = renamed;
    }

    /// <summary>Forgets it.</summary>
    public void Forget(RepositoryPath repository)
    {
        if (!kept.IsEmpty)
        {
            kept.TryRemove(repository, out _);
        }
    }
}
