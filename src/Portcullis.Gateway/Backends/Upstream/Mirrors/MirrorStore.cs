using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Git;
using Portcullis.Git.Names;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Mirrors;

/// <summary>
/// Keeps of upstreams' repositories what this server must know to decide: their history, and where that is not enough, their objects. A mirror has
/// no refs: what its upstream's refs are is asked for each time, and what is missing of their history fetched then.
/// </summary>
internal sealed partial class MirrorStore(GitLauncher git, GatewayOptions options, TimeProvider time, ILogger<MirrorStore> logger)
{
    private const int MaxHaves = 2_000;
    private const int MaxTipsKept = 50_000;
    private const int MaxPacks = 20;
    private const int MaxOutputBytes = 1 << 20;

    private readonly string root = Path.GetFullPath(options.MirrorsRoot ?? Path.Combine(options.RunDirectory, "mirrors"));
    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private readonly Lock evicting = new();

    /// <summary>Gives a mirror that holds the history of some refs.</summary>
    /// <param name="site">The upstream.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="facts">What the upstream can do.</param>
    /// <param name="tips">The values of refs that the upstream has now.</param>
    /// <param name="level">How much of their history is needed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UpstreamException">What is missing could not be fetched.</exception>
    /// <exception cref="GitFailedException">What was fetched could not be kept: it is damaged, or larger than a mirror may be.</exception>
    public async Task<Mirror> GetAsync(
        UpstreamSite site, RepositoryPath repository, UpstreamFacts facts, IEnumerable<ObjectId> tips, MirrorLevel level, CancellationToken cancellationToken)
    {
        var directory = DirectoryOf(UpstreamRepository.Of(site.Definition, repository).Url);
        var entry = Enter(directory);
        var mirror = new Mirror(directory, () => Leave(entry));
        try
        {
            await entry.Gate.WaitAsync(cancellationToken);
            try
            {
                await FreshenAsync(site, repository, facts, directory, tips, facts.CanFilter ? level : MirrorLevel.Objects, cancellationToken);
            }
            finally
            {
                entry.Gate.Release();
            }

            return mirror;
        }
        catch
        {
            mirror.Dispose();
            throw;
        }
    }

    /// <summary>Forgets what is known of a mirror that turned out to be damaged: it is fetched anew.</summary>
    public static void Forget(Mirror mirror) => MirrorState.Forget(mirror.Directory);

    private async Task FreshenAsync(
        UpstreamSite site,
        RepositoryPath repository,
        UpstreamFacts facts,
        string directory,
        IEnumerable<ObjectId> tips,
        MirrorLevel level,
        CancellationToken cancellationToken)
    {
        // One that holds objects goes on holding them; one that lacks them begins anew.
        var state = MirrorState.Read(directory);
        level = state is not null && state.Level > level ? state.Level : level;
        var known = state?.Level == level ? state.Tips : new HashSet<ObjectId>();
        var needed = tips.ToHashSet();
        var missing = needed.Where(tip => !known.Contains(tip)).ToList();
        if (state is not null && missing.Count == 0)
        {
            Directory.SetLastWriteTimeUtc(directory, time.GetUtcNow().UtcDateTime);
            return;
        }

        if (!File.Exists(Path.Combine(directory, "HEAD")))
        {
            await InitializeAsync(directory, facts.Format, cancellationToken);
        }

        if (missing.Count > 0)
        {
            UpstreamMetrics.MirrorFetched(site.Definition.Name);
            await FetchAsync(site, repository, facts, directory, missing, known.Take(MaxHaves), level == MirrorLevel.Commits, cancellationToken);
        }

        needed.UnionWith(known.Take(Math.Max(0, MaxTipsKept - needed.Count)));
        new MirrorState(level, needed).Write(directory);
        await CombinePacksAsync(directory, cancellationToken);
        Evict();
        LogFetched(logger, site.Definition.Name, repository.Value, level, missing.Count);
    }

    private async Task FetchAsync(
        UpstreamSite site,
        RepositoryPath repository,
        UpstreamFacts facts,
        string directory,
        List<ObjectId> wants,
        IEnumerable<ObjectId> haves,
        bool withoutTrees,
        CancellationToken cancellationToken)
    {
        var version = MirrorRequest.VersionFor(facts);
        using var answer = await site.SendAsync(repository, GitService.UploadPack, version, MirrorRequest.Write(facts, wants, haves, withoutTrees), cancellationToken)
            ?? throw new UpstreamException(UpstreamFailure.UnexpectedStatus, "The repository went away while it was asked for.");
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stopped.CancelAfter(options.GitProcessTimeout);
        await using var process = git.Start(new GitInvocation
        {
            Subcommand = "index-pack",
            Arguments = ["--stdin", .. options.MaxMirrorBytes > 0 ? (string[])[$"--max-input-size={options.MaxMirrorBytes}"] : []],
            Directory = directory,
            Environment = ["GIT_DIR=" + directory],
        });
        await MirrorAnswer.CopyPackAsync(
            answer,
            version == GitProtocolVersion.V2,
            async part =>
            {
                try
                {
                    while (!part.IsEmpty)
                    {
                        part = part[await process.Input.SendAsync(part, stopped.Token)..];
                    }
                }
                catch (System.Net.Sockets.SocketException exception)
                {
                    throw new GitFailedException("index-pack", null, exception.Message);
                }
            },
            stopped.Token);
        process.CloseInput();
        var exitCode = await process.WaitAsync();
        if (exitCode != 0)
        {
            throw new GitFailedException("index-pack", exitCode, await process.ErrorTextAsync());
        }
    }

    private Task InitializeAsync(string directory, ObjectFormat format, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        return RunAsync(
            directory,
            "init",
            ["--bare", "--quiet", "--template=", format == ObjectFormat.Sha256 ? "--object-format=sha256" : "--object-format=sha1", "--", directory],
            cancellationToken);
    }

    // By the list of objects alone, as gc can't: a history without trees is not connected.
    private async Task CombinePacksAsync(string directory, CancellationToken cancellationToken)
    {
        if (Directory.EnumerateFiles(Path.Combine(directory, "objects", "pack"), "*.pack").Count() <= MaxPacks)
        {
            return;
        }

        await RunAsync(directory, "multi-pack-index", ["write"], cancellationToken);
        await RunAsync(directory, "multi-pack-index", ["repack", "--batch-size=0"], cancellationToken);
        await RunAsync(directory, "multi-pack-index", ["expire"], cancellationToken);
    }

    private async Task RunAsync(string directory, string subcommand, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        await git.RunAsync(
            new GitInvocation { Subcommand = subcommand, Arguments = arguments, Directory = directory, Environment = ["GIT_DIR=" + directory] },
            ReadOnlyMemory<byte>.Empty,
            MaxOutputBytes,
            cancellationToken);

    private string DirectoryOf(Uri url) =>
        Path.Combine(root, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url.AbsoluteUri)))[..40] + ".git");

    private Entry Enter(string directory)
    {
        lock (evicting)
        {
            var entry = entries.GetOrAdd(directory, static _ => new Entry());
            entry.Users++;
            return entry;
        }
    }

    private void Leave(Entry entry)
    {
        lock (evicting)
        {
            entry.Users--;
        }
    }

    // The mirrors that were longest not used go first; those that somebody looks into stay.
    private void Evict()
    {
        if (options.MaxMirrorBytes <= 0)
        {
            return;
        }

        lock (evicting)
        {
            var mirrors = new DirectoryInfo(root).GetDirectories("*.git")
                .Select(mirror => (Mirror: mirror, Bytes: mirror.EnumerateFiles("*", SearchOption.AllDirectories).Sum(BytesOf)))
                .OrderBy(static entry => entry.Mirror.LastWriteTimeUtc)
                .ToList();
            var total = mirrors.Sum(static entry => entry.Bytes);
            foreach (var (mirror, bytes) in mirrors)
            {
                if (total <= options.MaxMirrorBytes)
                {
                    return;
                }

                if (!entries.TryGetValue(mirror.FullName, out var entry) || entry.Users == 0)
                {
                    entries.TryRemove(mirror.FullName, out _);
                    mirror.Delete(recursive: true);
                    total -= bytes;
                    LogEvicted(logger, mirror.Name);
                }
            }
        }
    }

    // Others are fetched into meanwhile: git's temporary files have other names a moment later.
    private static long BytesOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public int Users { get; set; }
    }

    [LoggerMessage(1, LogLevel.Debug, "Fetched {Level} of {Repository} from upstream {Upstream} for {Count} refs.")]
    private static partial void LogFetched(ILogger logger, string upstream, string repository, MirrorLevel level, int count);

    [LoggerMessage(2, LogLevel.Information, "Mirror {Mirror} went, so that all together stay within their limit.")]
    private static partial void LogEvicted(ILogger logger, string mirror);
}
