using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.RefFiles;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;

namespace Portcullis.Gateway.Backends.Host.Advertisements;

/// <summary>
/// Reads a repository's refs: from its files where these are of the plain kind and provably what they were, and else as git tells them, so that every ref storage
/// and every oddity holds as for git itself.
/// </summary>
internal sealed class RefReader(GitLauncher git, RepositoryFacts facts, RefFilesCache files)
{
    private const int MaxAdvertisementBytes = 1 << 30;

    /// <summary>The refs that <c>upload-pack</c> offers, if they are known without git; else null.</summary>
    public RefSnapshot? TryReadForFetch(RepositoryFolder folder, RepositoryFacts.Facts known) =>
        files.TryGet(folder, known, out var state) ? state.ForFetch : null;

    /// <summary>The refs that <c>receive-pack</c> offers, if they are known without git; else null. They may hold more than that offers, which its writer leaves out.</summary>
    public RefSnapshot? TryReadForPush(RepositoryFolder folder, RepositoryFacts.Facts known) =>
        files.TryGet(folder, known, out var state) && !Borrows(folder) ? state.ForPush : null;

    /// <summary>The refs that <c>upload-pack</c> offers, with what tags stand for and where symbolic refs point.</summary>
    public async Task<RefSnapshot> ReadForFetchAsync(string directory, CancellationToken cancellationToken)
    {
        var known = await facts.GetAsync(directory, cancellationToken);
        if (await files.GetAsync(directory, known, cancellationToken) is { ForFetch: { } refs })
        {
            return refs;
        }

        var request = new ArrayBufferWriter<byte>(128);
        request.WriteText("command=ls-refs");
        request.WriteText(known.Format == ObjectFormat.Sha256 ? "object-format=sha256" : "object-format=sha1");
        request.WriteDelim();
        request.WriteText("peel");
        request.WriteText("symrefs");
        request.WriteText("unborn");
        request.WriteFlush();
        var answer = await git.RunAsync(
            new GitInvocation
            {
                Subcommand = "upload-pack",
                Arguments = ["--stateless-rpc", "--strict", "."],
                Directory = directory,
                Environment = ["GIT_PROTOCOL=version=2"],
            },
            request.WrittenMemory,
            MaxAdvertisementBytes,
            cancellationToken);
        var snapshot = RefSnapshotParser.ParseListing(answer, known.Format);
        return ShallowOf(directory) is { IsEmpty: false } shallow ? snapshot.WithShallow(shallow) : snapshot;
    }

    /// <summary>The refs that <c>receive-pack</c> offers. They may hold more than that offers, which its writer leaves out.</summary>
    public async Task<RefSnapshot> ReadForPushAsync(string directory, CancellationToken cancellationToken)
    {
        if (!Borrows(directory)
            && await files.GetAsync(directory, await facts.GetAsync(directory, cancellationToken), cancellationToken) is { ForPush: { } refs })
        {
            return refs;
        }

        var answer = await git.RunAsync(
            new GitInvocation
            {
                Subcommand = "receive-pack",
                Arguments = ["--http-backend-info-refs", "."],
                Directory = directory,
            },
            ReadOnlyMemory<byte>.Empty,
            MaxAdvertisementBytes,
            cancellationToken);
        return RefSnapshotParser.ParseAdvertisement(answer);
    }

    /// <summary>
    /// A name for all that an answer to a fetch depends on besides the request, refs and configuration, as it is now; null where it can't be told without git.
    /// </summary>
    public string? TryName(RepositoryFolder folder) =>
        facts.TryGet(folder) is { } known && files.TryGet(folder, known, out var state) ? NameOf(folder, state) : null;

    /// <summary>The same, with the help of git; null where it can't be told at all.</summary>
    public async Task<string?> NameAsync(string directory, CancellationToken cancellationToken)
    {
        if (await files.GetAsync(directory, await facts.GetAsync(directory, cancellationToken), cancellationToken) is not { } state)
        {
            return null;
        }

        using var folder = RepositoryFolder.Open(directory);
        return NameOf(folder, state);
    }

    // A hook may answer differently each time, and grafts change history without a trace in the refs.
    private static string? NameOf(RepositoryFolder folder, RefFilesState state) =>
        state.All is not null && state.Facts.Configuration.Last("uploadpack.packobjectshook") is null
            && folder.TryStamp("info/grafts\0"u8, follow: false, out var grafts) && !grafts.Exists
            ? state.Version.ToString(CultureInfo.InvariantCulture)
            : null;

    // receive-pack tells of the objects that another repository lends, and only git knows which.
    private static bool Borrows(RepositoryFolder folder) => !folder.TryStamp("objects/info/alternates\0"u8, follow: false, out var stamp) || stamp.Exists;

    private static bool Borrows(string directory)
    {
        using var folder = RepositoryFolder.Open(directory);
        return Borrows(folder);
    }

    // Where the repository's own history ends, sorted as git shows it; ls-refs does not tell (gitrepository-layout, "shallow").
    private static ImmutableArray<ObjectId> ShallowOf(string directory)
    {
        var path = Path.Combine(directory, "shallow");
        if (!File.Exists(path))
        {
            return [];
        }

        var commits = ImmutableArray.CreateBuilder<ObjectId>();
        foreach (var line in File.ReadLines(path))
        {
            if (ObjectId.TryParse(line.AsSpan(), out var id))
            {
                commits.Add(id);
            }
        }

        commits.Sort();
        return commits.ToImmutable();
    }
}
