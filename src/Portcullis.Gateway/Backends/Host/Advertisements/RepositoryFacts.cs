using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;
using Portcullis.Git.RefFiles;

namespace Portcullis.Gateway.Backends.Host.Advertisements;

/// <summary>What git says of a repository that only its configuration can change: capabilities, object format, hooks.</summary>
/// <remarks>Kept for as long as every file of that configuration provably is what it was, and asked for again with each request where that can't be proved.</remarks>
internal sealed class RepositoryFacts(GitLauncher git) : IDisposable
{
    private const int MaxOutputBytes = 1 << 20;
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<string, Facts> kept = new(StringComparer.Ordinal);
    private readonly HeldFiles held = new();

    // Of a few repositories each: one may wait for another's, which changes nothing but its time.
    private readonly SemaphoreSlim[] turns = [.. Enumerable.Range(0, 64).Select(static _ => new SemaphoreSlim(1, 1))];

    /// <summary>The facts about a repository, if they are known and provably hold. Starts nothing.</summary>
    public Facts? TryGet(RepositoryFolder folder)
    {
        if (!kept.TryGetValue(folder.Path, out var facts))
        {
            return null;
        }

        if (facts.Configuration.Holds(folder))
        {
            return facts;
        }

        // Read so soon after its last change that it might have changed again: the same content tells that it has not.
        if (facts.Configuration.Renew(folder) is not { } renewed)
        {
            return null;
        }

        facts.Configuration = renewed;
        return facts;
    }

    /// <summary>The facts about a repository.</summary>
    /// <exception cref="GitFailedException">git can't read the repository.</exception>
    public ValueTask<Facts> GetAsync(string directory, CancellationToken cancellationToken) =>
        TryGet(directory) is { } facts ? ValueTask.FromResult(facts) : new(ReadInTurnAsync(directory, cancellationToken));

    /// <summary>The facts about a repository, asked for again.</summary>
    /// <exception cref="GitFailedException">git can't read the repository.</exception>
    public async Task<Facts> ReadAsync(string directory, CancellationToken cancellationToken)
    {
        // First, so that what git says next is no older than the proof.
        using var folder = RepositoryFolder.Open(directory);
        var configuration = await RepositoryConfiguration.ReadAsync(git, held, folder, cancellationToken);
        var v2 = AdvertiseAsync("upload-pack", directory, "version=2", cancellationToken);
        var uploadPack = FirstLineAsync("upload-pack", directory, cancellationToken);
        var receivePack = FirstLineAsync("receive-pack", directory, cancellationToken);
        var hooks = git.RunAsync(
            new GitInvocation
            {
                Subcommand = "rev-parse",
                Arguments = ["--git-path", "hooks"],
                Directory = directory,
                Environment = ["GIT_DIR=" + directory],
            },
            ReadOnlyMemory<byte>.Empty,
            MaxOutputBytes,
            cancellationToken);
        await Task.WhenAll(v2, uploadPack, receivePack, hooks);
        var facts = new Facts(CapabilityAdvertisement.Parse(await v2))
        {
            Configuration = configuration,
            UploadPack = await uploadPack,
            ReceivePack = await receivePack ?? throw new GitFailedException("receive-pack", 0, "it advertised no capabilities"),
            HooksDirectory = Path.GetFullPath(Encoding.UTF8.GetString(await hooks).TrimEnd('\n'), directory),
        };

        // git went by the path, and the proof by the directory that was there at first.
        using var again = RepositoryFolder.Open(directory);
        if (facts.MayBeKept && again.Stamp.IsSameFileAs(folder.Stamp) && configuration.IsUntouched(again))
        {
            if (kept.Count >= MaxKept)
            {
                kept.Clear();
            }

            kept[directory] = facts;
        }

        return facts;
    }

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();

    private Facts? TryGet(string directory)
    {
        using var folder = RepositoryFolder.Open(directory);
        return TryGet(folder);
    }

    // Many who come at once to a repository that was not asked for before ask git once. Who had to wait for another, and still has no proof, asks without making others wait.
    private async Task<Facts> ReadInTurnAsync(string directory, CancellationToken cancellationToken)
    {
        var turn = turns[(uint)directory.GetHashCode(StringComparison.Ordinal) % turns.Length];
        var isFirst = turn.Wait(0, CancellationToken.None);
        if (!isFirst)
        {
            await turn.WaitAsync(cancellationToken);
        }

        try
        {
            if (TryGet(directory) is { } facts)
            {
                return facts;
            }

            if (isFirst)
            {
                return await ReadAsync(directory, cancellationToken);
            }
        }
        finally
        {
            turn.Release();
        }

        return await ReadAsync(directory, cancellationToken);
    }

    private Task<byte[]> AdvertiseAsync(string subcommand, string directory, string? protocol, CancellationToken cancellationToken) =>
        git.RunAsync(Invocation(subcommand, directory, protocol), ReadOnlyMemory<byte>.Empty, MaxOutputBytes, cancellationToken);

    // The capabilities behind the first ref; the refs themselves, of which there can be many, are not read.
    // Null where there is no ref and git (before 2.41) says nothing but a flush of a repository without any.
    private async Task<CapabilityList?> FirstLineAsync(string subcommand, string directory, CancellationToken cancellationToken)
    {
        await using var process = git.Start(Invocation(subcommand, directory, protocol: null));
        process.CloseInput();
        var buffer = new byte[PktLine.MaxLength];
        var length = 0;
        int read;
        while ((read = await process.Output.ReceiveAsync(buffer.AsMemory(length), cancellationToken)) > 0)
        {
            length += read;
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, length);
            if (PktLineReader.TryRead(ref bytes, out var kind, out var payload))
            {
                var zero = kind == PktLineKind.Data ? payload.IndexOf((byte)0) : -1;
                if (zero >= 0)
                {
                    return CapabilityList.Parse(payload[(zero + 1)..].TrimEnd((byte)'\n'));
                }

                if (kind == PktLineKind.Flush)
                {
                    return null;
                }

                break;
            }
        }

        throw new GitFailedException(subcommand, await process.WaitAsync(), await process.ErrorTextAsync());
    }

    private static GitInvocation Invocation(string subcommand, string directory, string? protocol) => new()
    {
        Subcommand = subcommand,
        Arguments = ["--http-backend-info-refs", "."],
        Directory = directory,
        Environment = protocol is null ? [] : ["GIT_PROTOCOL=" + protocol],
    };

    /// <summary>What is known of one repository.</summary>
    internal sealed class Facts(CapabilityAdvertisement version2)
    {
        // The extensions that leave the refs where they are (setup.c, check_repo_format).
        private static readonly HashSet<string> PlainExtensions =
            ["extensions.noop", "extensions.noop-v1", "extensions.objectformat", "extensions.preciousobjects", "extensions.relativeworktrees", "extensions.worktreeconfig"];

        private byte[]? version2Bytes;
        private byte[]? restrictedVersion2Bytes;
        private bool? hasRefFiles;
        private HiddenRefs? hiddenFromFetch;
        private HiddenRefs? hiddenFromPush;

        /// <summary>Its object format.</summary>
        public ObjectFormat Format { get; } = version2.ObjectFormat;

        /// <summary>Its configuration. The same settings always; their proof is renewed.</summary>
        public required RepositoryConfiguration Configuration { get; set; }

        /// <summary>What <c>upload-pack</c> offers in protocol version 2, as it is sent.</summary>
        public ReadOnlySpan<byte> Version2 => version2Bytes ??= Written(version2);

        /// <summary>The same for callers who do not see every ref.</summary>
        public ReadOnlySpan<byte> RestrictedVersion2 => restrictedVersion2Bytes ??= Written(RestrictedCapabilities.Of(version2));

        /// <summary>What <c>upload-pack</c> offers in versions 0 and 1; null where the repository had no ref and this git then offers nothing.</summary>
        public required CapabilityList? UploadPack { get; init; }

        /// <summary>What <c>receive-pack</c> offers.</summary>
        public required CapabilityList ReceivePack { get; init; }

        /// <summary>Where its hooks are.</summary>
        public required string HooksDirectory { get; init; }

        /// <summary>Whether all of this is the same for every request: a nonce for signed pushes and a session id are not.</summary>
        public bool MayBeKept =>
            !ReceivePack.Contains("push-cert") && !ReceivePack.Contains("session-id") && !(UploadPack?.Contains("session-id") ?? false) && !version2.TryGetValue("session-id", out _);

        /// <summary>Whether its refs are in files of the kind that we read: no reftable, no extension that we don't know, no objects that are elsewhere.</summary>
        public bool HasRefFiles => hasRefFiles ??= NativeFile.IsSupported && Configuration.Values.All(static pair =>
            pair.Key == "extensions.refstorage" ? pair.Value == "files"
            : !(pair.Key.StartsWith("extensions.", StringComparison.Ordinal) && !PlainExtensions.Contains(pair.Key))
                && !(pair.Key.StartsWith("remote.", StringComparison.Ordinal) && (pair.Key.EndsWith(".promisor", StringComparison.Ordinal) || pair.Key.EndsWith(".partialclonefilter", StringComparison.Ordinal))));

        /// <summary>Whether a <c>HEAD</c> that points to no ref is shown (<c>unborn_config</c> in ls-refs.c).</summary>
        public bool ShowsUnbornHead => Configuration.Last("lsrefs.unborn") is null or "advertise" or "allow";

        /// <summary>What is left out of what <c>upload-pack</c> lists.</summary>
        public HiddenRefs HiddenFromFetch => hiddenFromFetch ??= HiddenBy("uploadpack.hiderefs");

        /// <summary>What is left out of what <c>receive-pack</c> lists.</summary>
        public HiddenRefs HiddenFromPush => hiddenFromPush ??= HiddenBy("receive.hiderefs");

        private HiddenRefs HiddenBy(string key) => new(
        [
            .. Configuration.Values.Where(pair => pair.Key == key || pair.Key == "transfer.hiderefs").Select(pair => (ReadOnlyMemory<byte>)Encoding.Latin1.GetBytes(pair.Value)),
        ]);

        private static byte[] Written(CapabilityAdvertisement advertisement)
        {
            var output = new ArrayBufferWriter<byte>();
            advertisement.WriteTo(output);
            return output.WrittenSpan.ToArray();
        }
    }
}
