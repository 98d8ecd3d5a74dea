using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Host.Maintenance;

/// <summary>
/// Puts a repository in the order in which it is served fastest: one pack with a bitmap, a commit-graph, packed refs. Done by <c>git gc</c> at low priority, which lets
/// nothing go that anybody can still reach, or that came in the last two weeks, and never runs twice in one repository. Git LFS objects that nothing points to any more go with it.
/// </summary>
public sealed class RepositoryMaintenance
{
    private const int MaxOutputBytes = 1 << 20;
    private const string AlreadyRunning = "gc is already running";

    private readonly GitLauncher git;
    private readonly RepositoryStore store;
    private readonly LfsFolders folders;
    private readonly UnreferencedObjects unreferenced;

    internal RepositoryMaintenance(GitLauncher git, RepositoryStore store, LfsFolders folders, UnreferencedObjects unreferenced)
    {
        this.git = git;
        this.store = store;
        this.folders = folders;
        this.unreferenced = unreferenced;
    }

    /// <summary>Makes one that starts git as the gateway does, for commands that run without one.</summary>
    /// <param name="options">The gateway's settings.</param>
    /// <param name="time">The clock.</param>
    public static RepositoryMaintenance Open(GatewayOptions options, TimeProvider time)
    {
        var git = GitInstallation.Prepare(options, time);
        var store = new RepositoryStore(options.RepositoriesRoot, git, options.LfsRoot);
        return new(git, store, new LfsFolders(store, options), new UnreferencedObjects(git, time));
    }

    /// <summary>What a repository lacks; nothing for one that does not exist.</summary>
    /// <param name="repository">Its path.</param>
    public MaintenanceNeeds Examine(RepositoryPath repository) =>
        store.Locate(repository) is { } directory ? RepositoryExamination.Examine(directory) : MaintenanceNeeds.None;

    /// <summary>Maintains a repository, whether it needs it or not.</summary>
    /// <param name="repository">Its path.</param>
    /// <param name="cancellationToken">Ends it; what is half done is left as git leaves it, which does no harm.</param>
    /// <returns>What was done; null when it does not exist, or somebody else maintains it at the moment.</returns>
    /// <exception cref="GitFailedException">git could not do it.</exception>
    public async Task<MaintenanceResult?> MaintainAsync(RepositoryPath repository, CancellationToken cancellationToken)
    {
        if (store.Locate(repository) is not { } directory)
        {
            return null;
        }

        try
        {
            await git.RunAsync(
                new GitInvocation
                {
                    Subcommand = "gc",
                    Arguments = ["--quiet", "--prune=2.weeks.ago"],
                    Directory = directory,
                    Environment = ["GIT_DIR=" + directory],
                    Configuration =
                    [
                        ("gc.autoDetach", "false"), ("gc.packRefs", "true"), ("gc.writeCommitGraph", "true"), ("core.commitGraph", "true"), ("repack.writeBitmaps", "true"),
                    ],
                    HasLowPriority = true,
                },
                ReadOnlyMemory<byte>.Empty,
                MaxOutputBytes,
                cancellationToken);
        }
        catch (GitFailedException exception) when (exception.Message.Contains(AlreadyRunning, StringComparison.Ordinal))
        {
            return null;
        }

        // After git has let go of what nothing reaches, so that what only that pointed to goes, too.
        return new MaintenanceResult(await unreferenced.RemoveAsync(folders.Of(repository, directory), directory, cancellationToken));
    }
}
