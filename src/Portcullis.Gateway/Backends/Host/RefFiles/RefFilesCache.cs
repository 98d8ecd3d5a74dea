using System.Diagnostics.CodeAnalysis;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Processes;

namespace Portcullis.Gateway.Backends.Host.RefFiles;

/// <summary>
/// Keeps the refs of repositories as their files hold them. They are given out only with the proof, taken for each request, that the files have not changed
/// (docs/decisions/0008): whoever moved a ref, and however, the answer is what git would say now.
/// </summary>
internal sealed class RefFilesCache(GitLauncher git)
{
    // What a ref takes in a snapshot, in the folders read and in the parts that git is asked about; a repository costs something, too.
    private const int BytesForRef = 256;
    private const int BytesForRepository = 8 << 10;
    private const long MaxBytes = 128 << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> byUse = new();
    private long bytes;

    /// <summary>The refs of a repository, if they are known and provably the same still. Starts nothing.</summary>
    /// <param name="folder">The repository's directory.</param>
    /// <param name="facts">What is known of it now.</param>
    /// <param name="state">The refs; without snapshots where only git may say them.</param>
    public bool TryGet(RepositoryFolder folder, RepositoryFacts.Facts facts, [NotNullWhen(true)] out RefFilesState? state)
    {
        state = Find(folder.Path)?.State;
        if (state is not null && state.Facts == facts && state.Holds(folder))
        {
            return true;
        }

        state = null;
        return false;
    }

    /// <summary>Reads the refs of a repository.</summary>
    /// <param name="directory">The repository.</param>
    /// <param name="facts">What is known of it now.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null, or a state without snapshots, where only git may say them.</returns>
    public async Task<RefFilesState?> GetAsync(string directory, RepositoryFacts.Facts facts, CancellationToken cancellationToken)
    {
        if (!facts.HasRefFiles)
        {
            return null;
        }

        var entry = FindOrAdd(directory);
        await entry.Reading.WaitAsync(cancellationToken);
        try
        {
            // Someone may have read them while we waited; the proof is taken after we came, all the same.
            using var folder = RepositoryFolder.Open(directory);
            if (entry.State is { } known && known.Facts == facts && known.Holds(folder))
            {
                return known;
            }

            var state = LocalFileSystem.Holds(directory)
                ? await RefFilesState.ReadAsync(folder, facts, entry.State, ids => ObjectPeeler.PeelAsync(git, directory, ids, cancellationToken))
                : null;
            Replace(entry, state);
            return state;
        }
        finally
        {
            entry.Reading.Release();
        }
    }

    private Entry? Find(string directory)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(directory, out var node))
            {
                return null;
            }

            if (node != byUse.Last)
            {
                byUse.Remove(node);
                byUse.AddLast(node);
            }

            return node.Value;
        }
    }

    private Entry FindOrAdd(string directory)
    {
        lock (gate)
        {
            if (entries.TryGetValue(directory, out var node))
            {
                return node.Value;
            }

            node = byUse.AddLast(new Entry(directory) { Bytes = BytesForRepository });
            entries.Add(directory, node);
            bytes += BytesForRepository;
            Evict();
            return node.Value;
        }
    }

    private void Replace(Entry entry, RefFilesState? state)
    {
        lock (gate)
        {
            entry.State = state;
            if (entries.TryGetValue(entry.Directory, out var node) && node.Value == entry)
            {
                var size = BytesForRepository + ((long)BytesForRef * (state?.All?.Entries.Length ?? 0));
                bytes += size - entry.Bytes;
                entry.Bytes = size;
                Evict();
            }
        }
    }

    private void Evict()
    {
        while (bytes > MaxBytes && byUse.First is { } oldest && oldest != byUse.Last)
        {
            byUse.RemoveFirst();
            entries.Remove(oldest.Value.Directory);
            bytes -= oldest.Value.Bytes;
        }
    }

    private sealed class Entry(string directory)
    {
        private volatile RefFilesState? state;

        public string Directory => directory;

        public SemaphoreSlim Reading { get; } = new(1, 1);

        public long Bytes { get; set; }

        public RefFilesState? State
        {
            get => state;
            set => state = value;
        }
    }
}
