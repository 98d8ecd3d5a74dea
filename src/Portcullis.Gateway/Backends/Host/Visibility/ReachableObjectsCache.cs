using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Portcullis.Git;

namespace Portcullis.Gateway.Backends.Host.Visibility;

/// <summary>
/// Keeps the outcome of whole walks. What some tips reach never changes, so an entry is right for ever; the oldest leave
/// when the bound is reached.
/// </summary>
/// <param name="maxObjects">How many object ids are kept in all; about 60 bytes each.</param>
internal sealed class ReachableObjectsCache(int maxObjects)
{
    private readonly Lock gate = new();
    private readonly Dictionary<Key, LinkedListNode<(Key Key, HashSet<ObjectId> Objects)>> entries = [];
    private readonly LinkedList<(Key Key, HashSet<ObjectId> Objects)> byAge = new();
    private int kept;

    /// <summary>Names a walk: the repository, its tips in any order, and what is counted.</summary>
    public static Key KeyOf(string directory, IReadOnlySet<ObjectId> tips, ObjectWalk walk)
    {
        var sorted = tips.ToArray();
        Array.Sort(sorted);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> hex = stackalloc byte[64];
        foreach (var tip in sorted)
        {
            hash.AppendData(hex[..tip.CopyHexTo(hex)]);
        }

        return new Key(directory, Convert.ToHexString(hash.GetCurrentHash()), walk);
    }

    /// <summary>Finds a walk's outcome.</summary>
    public bool TryGet(Key key, [NotNullWhen(true)] out HashSet<ObjectId>? objects)
    {
        lock (gate)
        {
            if (entries.TryGetValue(key, out var node))
            {
                byAge.Remove(node);
                byAge.AddLast(node);
                objects = node.Value.Objects;
                return true;
            }
        }

        objects = null;
        return false;
    }

    /// <summary>Begins to collect a walk's outcome, as far as it may be kept.</summary>
    public Collection StartCollecting() => new(maxObjects / 2);

    /// <summary>Keeps a whole walk's outcome, unless it was too large to be collected.</summary>
    public void Add(Key key, Collection collection)
    {
        if (collection.Take() is not { } objects)
        {
            return;
        }

        lock (gate)
        {
            if (entries.ContainsKey(key))
            {
                return;
            }

            entries[key] = byAge.AddLast((key, objects));
            kept += objects.Count;
            while (kept > maxObjects && byAge.First is { } oldest)
            {
                byAge.RemoveFirst();
                entries.Remove(oldest.Value.Key);
                kept -= oldest.Value.Objects.Count;
            }
        }
    }

    /// <summary>What names a walk.</summary>
    internal readonly record struct Key(string Directory, string Tips, ObjectWalk Walk);

    /// <summary>A walk's outcome while it is made; forgotten once it is larger than may be kept.</summary>
    internal sealed class Collection(int max)
    {
        private HashSet<ObjectId>? objects = [];

        /// <summary>Adds an object.</summary>
        public void Add(ObjectId id)
        {
            if (objects is not null && objects.Add(id) && objects.Count > max)
            {
                objects = null;
            }
        }

        /// <summary>The outcome, or null when it was too large.</summary>
        public HashSet<ObjectId>? Take() => objects;
    }
}
