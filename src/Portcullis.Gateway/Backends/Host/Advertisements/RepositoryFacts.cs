using System.Collections.Concurrent;
using System.Text;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;

namespace Portcullis.Gateway.Backends.Host.Advertisements;

/// <summary>What git says of a repository that only its configuration can change: capabilities, object format, hooks.</summary>
/// <remarks>Kept for as long as the repository's <c>config</c> has the same stamp, and for half a minute at most, since that file can include others.</remarks>
internal sealed class RepositoryFacts(GitLauncher git, TimeProvider time)
{
    private const int MaxOutputBytes = 1 << 20;
    private const int MaxKept = 10_000;

    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Entry> kept = new(StringComparer.Ordinal);

    /// <summary>The facts about a repository.</summary>
    /// <exception cref="GitFailedException">git can't read the repository.</exception>
    public async ValueTask<Facts> GetAsync(string directory, CancellationToken cancellationToken)
    {
        var stamp = Stamp.Of(Path.Combine(directory, "config"));
        if (kept.TryGetValue(directory, out var entry) && entry.Stamp == stamp && time.GetElapsedTime(entry.ReadAt) < MaxAge)
        {
            return entry.Facts;
        }

        var facts = await ReadAsync(directory, cancellationToken);
        if (facts.MayBeKept)
        {
            if (kept.Count >= MaxKept)
            {
                kept.Clear();
            }

            kept[directory] = new Entry(stamp, time.GetTimestamp(), facts);
        }

        return facts;
    }

    private async Task<Facts> ReadAsync(string directory, CancellationToken cancellationToken)
    {
        var v2 = AdvertiseAsync("upload-pack", directory, "version=2", cancellationToken);
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
        var capabilities = CapabilityAdvertisement.Parse(await v2);
        return new Facts
        {
            Format = capabilities.ObjectFormat,
            Version2 = capabilities,
            UploadPack = await FirstLineAsync("upload-pack", directory, cancellationToken),
            ReceivePack = await FirstLineAsync("receive-pack", directory, cancellationToken)
                ?? throw new GitFailedException("receive-pack", 0, "it advertised no capabilities"),
            HooksDirectory = Path.GetFullPath(Encoding.UTF8.GetString(await hooks).TrimEnd('\n'), directory),
        };
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

    private sealed record Entry(Stamp Stamp, long ReadAt, Facts Facts);

    private readonly record struct Stamp(long Length, DateTime Modified)
    {
        public static Stamp Of(string path)
        {
            var file = new FileInfo(path);
            return file.Exists ? new Stamp(file.Length, file.LastWriteTimeUtc) : default;
        }
    }

    /// <summary>What is known of one repository.</summary>
    internal sealed record Facts
    {
        /// <summary>Its object format.</summary>
        public required ObjectFormat Format { get; init; }

        /// <summary>What <c>upload-pack</c> offers in protocol version 2.</summary>
        public required CapabilityAdvertisement Version2 { get; init; }

        /// <summary>What <c>upload-pack</c> offers in versions 0 and 1; null where the repository has no ref and this git then offers nothing.</summary>
        public required CapabilityList? UploadPack { get; init; }

        /// <summary>What <c>receive-pack</c> offers.</summary>
        public required CapabilityList ReceivePack { get; init; }

        /// <summary>Where its hooks are.</summary>
        public required string HooksDirectory { get; init; }

        /// <summary>Whether all of this is the same for every request: a nonce for signed pushes and a session id are not.</summary>
        public bool MayBeKept => UploadPack is not null && !ReceivePack.Contains("push-cert") && !ReceivePack.Contains("session-id") && !UploadPack.Contains("session-id");
    }
}
