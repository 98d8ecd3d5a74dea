using System.IO.Pipelines;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Pushes;

namespace Portcullis.Gateway.Backends.Upstream.Pushes;

/// <summary>
/// A pack that arrived and was not handed on yet: byte for byte in a file, from which it goes on, and unpacked into an object directory of its own, in which it is looked at.
/// </summary>
internal sealed class QuarantinedPack : IDisposable
{
    private readonly string folder;

    private QuarantinedPack(string folder) => this.folder = folder;

    /// <summary>The object directory that holds what arrived, and nothing else.</summary>
    public string Objects => Path.Combine(folder, "objects");

    /// <summary>How many objects the client sent.</summary>
    public long ObjectCount { get; private set; }

    /// <summary>Whether the pack is larger than may be; then nothing of it is to be used.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>What git said of a pack that it could not read; null when it could.</summary>
    public string? Damage { get; private set; }

    /// <summary>Whether it could not be read since it leans on objects that are not here.</summary>
    public bool IsThin => Damage is { } text && text.Contains("unresolved delta", StringComparison.Ordinal);

    private string File => Path.Combine(folder, "incoming.pack");

    /// <summary>Receives a pack to its end.</summary>
    /// <param name="git">Starts git.</param>
    /// <param name="folder">A folder of the pack's own, which goes with it.</param>
    /// <param name="body">The pack as it comes from the client.</param>
    /// <param name="mirror">The repository whose objects the pack may lean on.</param>
    /// <param name="maxBytes">The largest pack that is taken; 0 for any.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<QuarantinedPack> ReceiveAsync(
        GitLauncher git, string folder, PipeReader body, string mirror, long maxBytes, CancellationToken cancellationToken)
    {
        var pack = new QuarantinedPack(folder);
        try
        {
            Directory.CreateDirectory(Path.Combine(pack.Objects, "pack"));
            await using var process = git.Start(new GitInvocation
            {
                Subcommand = "index-pack",
                Arguments = ["--stdin", "--fix-thin"],
                Directory = mirror,
                Environment =
                [
                    "GIT_DIR=" + mirror,
                    "GIT_OBJECT_DIRECTORY=" + pack.Objects,
                    "GIT_ALTERNATE_OBJECT_DIRECTORIES=" + Path.Combine(mirror, "objects"),
                ],
            });
            var pump = new PackPump(body, process.Input, maxBytes);
            await using (var file = new FileStream(pack.File, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0))
            {
                var output = ReadAwayAsync(process, cancellationToken);
                await pump.RunAsync(ReadOnlyMemory<byte>.Empty, cancellationToken, file);
                await output;
            }

            pack.ObjectCount = pump.ObjectCount;
            pack.IsTooLarge = pump.IsTooLarge;
            if (await process.WaitAsync() != 0)
            {
                pack.Damage = await process.ErrorTextAsync();
            }

            return pack;
        }
        catch
        {
            pack.Dispose();
            throw;
        }
    }

    /// <summary>Opens the pack as it arrived.</summary>
    public FileStream Open() => new(File, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static async Task ReadAwayAsync(GitProcess process, CancellationToken cancellationToken)
    {
        var scratch = new byte[256];
        while (await process.Output.ReceiveAsync(scratch, cancellationToken) > 0)
        {
        }
    }
}
