using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.RefFiles;

namespace Portcullis.Gateway.Backends.Host.RefFiles;

/// <summary>Everything that a repository's refs were read from, the refs, and the proof that they are the same still. Immutable.</summary>
internal sealed class RefFilesState
{
    private const int MaxPackedBytes = 256 << 20;
    private const int MaxShallowBytes = 16 << 20;

    private static long lastVersion;

    private readonly LooseRefDirectory loose;
    private readonly FileProof packed;
    private readonly FileProof head;
    private readonly FileProof shallow;
    private readonly FileProof commonDirectory;
    private readonly ulong objects;

    private RefFilesState(RepositoryFacts.Facts facts, LooseRefDirectory loose, FileProof packed, FileProof head, FileProof shallow, FileProof commonDirectory, ulong objects)
    {
        Facts = facts;
        this.loose = loose;
        this.packed = packed;
        this.head = head;
        this.shallow = shallow;
        this.commonDirectory = commonDirectory;
        this.objects = objects;
    }

    /// <summary>The facts that the snapshots depend on.</summary>
    public RepositoryFacts.Facts Facts { get; }

    /// <summary>A number that no other refs, of this repository or another, ever have; the same for as long as nobody has touched them.</summary>
    public long Version { get; private init; }

    /// <summary>All refs, those included that the configuration hides; null where only git may say them.</summary>
    public RefSnapshot? All { get; private init; }

    /// <summary>What <c>upload-pack</c> offers.</summary>
    public RefSnapshot? ForFetch { get; private init; }

    /// <summary>What <c>receive-pack</c> offers, borrowed objects aside.</summary>
    public RefSnapshot? ForPush { get; private init; }

    /// <summary>Whether the files are provably what they were. Loose refs come first: pack-refs writes the packed file before it removes them.</summary>
    public bool Holds(RepositoryFolder folder) =>
        loose.Holds(folder) && packed.Holds(folder) && head.Holds(folder) && shallow.Holds(folder) && commonDirectory.Holds(folder);

    /// <summary>Reads the files, as far as they differ from what was read before.</summary>
    /// <param name="folder">The repository's directory.</param>
    /// <param name="facts">What is known of it.</param>
    /// <param name="previous">What was read before.</param>
    /// <param name="peel">Asks git what tags stand for; null when an object does not exist.</param>
    /// <returns>Null where the files are not as git makes them.</returns>
    public static async Task<RefFilesState?> ReadAsync(
        RepositoryFolder folder, RepositoryFacts.Facts facts, RefFilesState? previous, Func<IReadOnlyCollection<ObjectId>, Task<IReadOnlyDictionary<ObjectId, ObjectId?>?>> peel)
    {
        previous = previous?.Facts == facts ? previous : null;
        if (!folder.TryStamp("objects\0"u8, follow: true, out var objects)
            || !LooseRefDirectory.TryRead(folder, facts.Format, previous?.loose, out var loose, out var isChanged, out var isTouched)
            || !TryRead(folder, "packed-refs\0"u8, MaxPackedBytes, out var packedBytes, out var packed)
            || !TryRead(folder, "HEAD\0"u8, LooseRef.MaxBytes, out var headBytes, out var head)
            || !TryRead(folder, "shallow\0"u8, MaxShallowBytes, out var shallowBytes, out var shallow)
            || !TryRead(folder, "commondir\0"u8, LooseRef.MaxBytes, out _, out var commonDirectory)
            || commonDirectory.Stamp.Exists || !head.Stamp.Exists)
        {
            return null;
        }

        var state = new RefFilesState(facts, loose, packed, head, shallow, commonDirectory, objects.Inode);
        if (previous is not null && !isChanged && packed.IsSameAs(previous.packed) && head.IsSameAs(previous.head) && shallow.IsSameAs(previous.shallow)
            && objects.Inode == previous.objects)
        {
            // The same refs with a newer proof. If they can have been others in between, what was made of them then is not known to be of these.
            isTouched |= packed.Stamp != previous.packed.Stamp || head.Stamp != previous.head.Stamp || shallow.Stamp != previous.shallow.Stamp;
            return state.With(isTouched ? NextVersion() : previous.Version, previous.All, previous.ForFetch, previous.ForPush);
        }

        if (!LooseRef.TryParse(headBytes, facts.Format, out var headRef)
            || !PackedRefs.TryParse(packedBytes, facts.Format, out var packedRefs)
            || !TryParseShallow(shallowBytes, facts.Format, out var cuts)
            || !StoredRefs.TryMerge(facts.Format, headRef, loose.Refs(), packedRefs, out var stored))
        {
            return state;
        }

        // What an object stands for never changes; another store may hold others.
        var known = objects.Inode == previous?.objects ? previous.All : null;
        var unknown = stored.Unknown(known);
        var asked = unknown.Count == 0 ? ImmutableDictionary<ObjectId, ObjectId?>.Empty : await peel(unknown);
        // An object that is missing may come, and be a tag.
        if (asked is null)
        {
            return state;
        }

        var all = stored.Build(known, asked, facts.ShowsUnbornHead, cuts);
        return state.With(NextVersion(), all, facts.HiddenFromFetch.RemoveFrom(all), facts.HiddenFromPush.RemoveFrom(all));
    }

    private static long NextVersion() => Interlocked.Increment(ref lastVersion);

    private RefFilesState With(long version, RefSnapshot? all, RefSnapshot? forFetch, RefSnapshot? forPush) =>
        new(Facts, loose, packed, head, shallow, commonDirectory, objects) { Version = version, All = all, ForFetch = forFetch, ForPush = forPush };

    private static bool TryRead(RepositoryFolder folder, ReadOnlySpan<byte> name, int maxBytes, out byte[] content, [NotNullWhen(true)] out FileProof? proof) =>
        FileProof.TryRead(folder, name.ToArray(), follow: false, maxBytes, out content, out proof);

    // An id in each line (gitrepository-layout(5), "shallow"); sorted, as git shows them.
    private static bool TryParseShallow(byte[] content, ObjectFormat format, out ImmutableArray<ObjectId> commits)
    {
        var found = ImmutableArray.CreateBuilder<ObjectId>();
        commits = [];
        foreach (var line in Encoding.ASCII.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!ObjectId.TryParse(line, out var id) || id.Format != format)
            {
                return false;
            }

            found.Add(id);
        }

        found.Sort();
        commits = found.DrainToImmutable();
        return true;
    }
}
