using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Processes;

namespace Portcullis.Gateway.Backends.Host.Repositories;

/// <summary>An empty repository of our own: what a client is shown that is about to make one by pushing.</summary>
internal sealed class EmptyRepository(GitLauncher git, string runDirectory)
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private bool isMade;

    private string Directory => Path.Combine(runDirectory, "empty.git");

    /// <summary>Opens its directory, if it is made.</summary>
    public RepositoryFolder? TryOpen() => Volatile.Read(ref isMade) ? RepositoryFolder.Open(Directory) : null;

    /// <summary>Its directory; made when first asked for.</summary>
    public async ValueTask<string> LocateAsync(CancellationToken cancellationToken)
    {
        var directory = Directory;
        if (Volatile.Read(ref isMade))
        {
            return directory;
        }

        await gate.WaitAsync(cancellationToken);
        try
        {
            await git.RunAsync(
                new GitInvocation
                {
                    Subcommand = "init",
                    Arguments = ["--bare", "--quiet", "--template=", "--", directory],
                    Directory = runDirectory,
                },
                ReadOnlyMemory<byte>.Empty,
                maxOutputBytes: 64 * 1024,
                cancellationToken);
            Volatile.Write(ref isMade, true);
            return directory;
        }
        finally
        {
            gate.Release();
        }
    }
}
