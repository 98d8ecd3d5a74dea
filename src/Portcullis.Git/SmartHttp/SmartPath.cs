using System.Buffers;
using System.Text.RegularExpressions;
using Portcullis.Git.Lfs;

namespace Portcullis.Git.SmartHttp;

/// <summary>What a path ends in.</summary>
internal enum SmartPathKind
{
    None,
    InfoRefs,
    UploadPack,
    ReceivePack,
    UploadArchive,
    DumbFile,
    LfsBatch,
    LfsObject,
    LfsObjectVerify,
    LfsLocks,
    LfsLocksVerify,
    LfsUnlock,
}

/// <summary>The table of paths that git and git-lfs ask for: <c>services[]</c> in http-backend.c, the Git LFS API below <c>info/lfs</c>, and the files of a repository that a dumb
/// client would try besides.</summary>
internal static partial class SmartPath
{
    private const int MaxLockIdLength = 128;

    private static readonly SearchValues<char> LockIdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    private static readonly (string Suffix, SmartPathKind Kind)[] Suffixes =
    [
        ("/info/refs", SmartPathKind.InfoRefs),
        ("/git-upload-pack", SmartPathKind.UploadPack),
        ("/git-receive-pack", SmartPathKind.ReceivePack),
        ("/git-upload-archive", SmartPathKind.UploadArchive),
        ("/HEAD", SmartPathKind.DumbFile),
        ("/config", SmartPathKind.DumbFile),
        ("/packed-refs", SmartPathKind.DumbFile),
        ("/info/lfs/objects/batch", SmartPathKind.LfsBatch),
        ("/info/lfs/locks", SmartPathKind.LfsLocks),
        ("/info/lfs/locks/verify", SmartPathKind.LfsLocksVerify),
    ];

    /// <summary>Finds the end of the path, without decoding anything.</summary>
    /// <param name="path">The path without its leading slash.</param>
    /// <param name="repository">What stands before the end.</param>
    /// <param name="name">What the end names: a Git LFS object or a lock.</param>
    public static SmartPathKind Find(ReadOnlySpan<char> path, out ReadOnlySpan<char> repository, out ReadOnlySpan<char> name)
    {
        name = default;
        foreach (var (suffix, kind) in Suffixes)
        {
            if (path.EndsWith(suffix, StringComparison.Ordinal))
            {
                repository = path[..^suffix.Length];
                return kind;
            }
        }

        if (path.LastIndexOf("/info/lfs/", StringComparison.Ordinal) is >= 0 and var lfs
            && FindLfs(path[(lfs + "/info/lfs/".Length)..], out name) is var kindOfLfs and not SmartPathKind.None)
        {
            repository = path[..lfs];
            return kindOfLfs;
        }

        foreach (var match in DumbObject().EnumerateMatches(path))
        {
            repository = path[..match.Index];
            return SmartPathKind.DumbFile;
        }

        repository = default;
        return SmartPathKind.None;
    }

    /// <summary>A path that is not looked at.</summary>
    public static SmartPathKind Nothing(out ReadOnlySpan<char> repository, out ReadOnlySpan<char> name)
    {
        repository = default;
        name = default;
        return SmartPathKind.None;
    }

    // objects/<oid>, objects/<oid>/verify, locks/<id>/unlock: the oid's form is fixed, and that of a lock's id is its server's affair.
    private static SmartPathKind FindLfs(ReadOnlySpan<char> path, out ReadOnlySpan<char> name)
    {
        const string Objects = "objects/";
        const string Locks = "locks/";
        name = default;
        if (path.StartsWith(Objects, StringComparison.Ordinal) && path.Length >= Objects.Length + LfsObjectId.Length)
        {
            name = path.Slice(Objects.Length, LfsObjectId.Length);
            return !LfsObjectId.TryParse(name, out _) ? SmartPathKind.None : path[(Objects.Length + LfsObjectId.Length)..] switch
            {
                "" => SmartPathKind.LfsObject,
                "/verify" => SmartPathKind.LfsObjectVerify,
                _ => SmartPathKind.None,
            };
        }

        if (path.StartsWith(Locks, StringComparison.Ordinal) && path.EndsWith("/unlock", StringComparison.Ordinal) && path.Length > Locks.Length + "/unlock".Length)
        {
            name = path[Locks.Length..^"/unlock".Length];
            return name.Length <= MaxLockIdLength && !name.ContainsAnyExcept(LockIdCharacters) ? SmartPathKind.LfsUnlock : SmartPathKind.None;
        }

        return SmartPathKind.None;
    }

    [GeneratedRegex(@"/(objects/(info/(alternates|http-alternates|packs)|[0-9a-f]{2}/([0-9a-f]{38}|[0-9a-f]{62})|pack/pack-([0-9a-f]{40}|[0-9a-f]{64})\.(pack|idx))|refs/(heads|tags)/.*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DumbObject();
}
