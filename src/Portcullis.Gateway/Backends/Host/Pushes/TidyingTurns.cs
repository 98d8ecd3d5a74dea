using System.Collections.Concurrent;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>
/// Says after which pushes git looks whether a repository wants tidying (<c>gc --auto</c>): the first one to it since the start, and each sixteenth after that. git
/// itself looks after each, with a process of its own that the client waits for, and what it looks for is thousands of objects or dozens of packs.
/// </summary>
internal sealed class TidyingTurns
{
    /// <summary>One push in so many.</summary>
    public const int Interval = 16;

    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<string, int> pushes = new(StringComparer.Ordinal);

    /// <summary>Counts a push. True when it is this one's turn.</summary>
    /// <param name="directory">The repository.</param>
    public bool Take(string directory)
    {
        if (pushes.Count >= MaxKept)
        {
            // Whoever is forgotten has its turn at once.
            pushes.Clear();
        }

        return pushes.AddOrUpdate(directory, 0, static (_, count) => (count + 1) % Interval) == 0;
    }
}
