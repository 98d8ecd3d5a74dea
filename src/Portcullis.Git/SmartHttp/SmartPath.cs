using System.Text.RegularExpressions;

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
}

/// <summary>The table of paths that git asks for: <c>services[]</c> in http-backend.c, and the files of a repository that a dumb client would try besides.</summary>
internal static partial class SmartPath
{
    private static readonly (string Suffix, SmartPathKind Kind)[] Suffixes =
    [
        ("/info/refs", SmartPathKind.InfoRefs),
        ("/git-upload-pack", SmartPathKind.UploadPack),
        ("/git-receive-pack", SmartPathKind.ReceivePack),
        ("/git-upload-archive", SmartPathKind.UploadArchive),
        ("/HEAD", SmartPathKind.DumbFile),
        ("/config", SmartPathKind.DumbFile),
        ("/packed-refs", SmartPathKind.DumbFile),
    ];

    /// <summary>Finds the end of the path, without decoding anything.</summary>
    /// <param name="path">The path without its leading slash.</param>
    /// <param name="repository">What stands before the end.</param>
    public static SmartPathKind Find(ReadOnlySpan<char> path, out ReadOnlySpan<char> repository)
    {
        foreach (var (suffix, kind) in Suffixes)
        {
            if (path.EndsWith(suffix, StringComparison.Ordinal))
            {
                repository = path[..^suffix.Length];
                return kind;
            }
        }

        foreach (var match in DumbObject().EnumerateMatches(path))
        {
            repository = path[..match.Index];
            return SmartPathKind.DumbFile;
        }

        repository = default;
        return SmartPathKind.None;
    }

    [GeneratedRegex(@"/(objects/(info/(alternates|http-alternates|packs)|[0-9a-f]{2}/([0-9a-f]{38}|[0-9a-f]{62})|pack/pack-([0-9a-f]{40}|[0-9a-f]{64})\.(pack|idx))|refs/(heads|tags)/.*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DumbObject();
}
