using System.Collections.Concurrent;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Host.Repositories;

/// <summary>The bare repositories below one root: <c>acme/app</c> lives in <c>acme/app.git</c>, at any depth.</summary>
public sealed class RepositoryStore
{
    private const string Suffix = ".git";
    private const int MaxKept = 10_000;

    private readonly string root;
    private readonly GitLauncher git;

    // The stamps of directories that were seen to hold what makes a repository.
    private readonly ConcurrentDictionary<string, FileStamp> whole = new(StringComparer.Ordinal);

    internal RepositoryStore(string root, GitLauncher git, string? lfsRoot = null)
    {
        this.root = Path.GetFullPath(root);
        this.git = git;
        LfsRoot = lfsRoot is null ? null : Path.GetFullPath(lfsRoot);
    }

    /// <summary>The root of the Git LFS objects, absolute; null where they are in the repositories' own directories.</summary>
    public string? LfsRoot { get; }

    /// <summary>The root directory, absolute.</summary>
    public string Root => root;

    /// <summary>Makes a store that starts git as the gateway does, for commands that run without one.</summary>
    /// <param name="options">The gateway's settings.</param>
    /// <param name="time">The clock.</param>
    public static RepositoryStore Open(GatewayOptions options, TimeProvider time) =>
        new(options.RepositoriesRoot, GitInstallation.Prepare(options, time), options.LfsRoot);

    /// <summary>The directory of a repository's Git LFS objects, if they have a root of their own; null where they are in its own directory.</summary>
    public string? LfsDirectoryOf(RepositoryPath repository) => LfsRoot is null ? null : Path.Combine(LfsRoot, repository.Value + Suffix);

    /// <summary>The directory of a repository that exists, or null. A symbolic link that leaves the root is no repository.</summary>
    public string? Locate(RepositoryPath repository)
    {
        using var folder = TryOpen(repository);
        return folder?.Path;
    }

    /// <summary>Opens a repository that exists; else null (<see cref="Locate"/>).</summary>
    internal RepositoryFolder? TryOpen(RepositoryPath repository)
    {
        var directory = DirectoryOf(repository);
        if (RepositoryFolder.TryOpenWithoutLinks(directory) is { } folder)
        {
            // Where there is no link at all, none leaves the root.
            if (IsWhole(folder))
            {
                return folder;
            }

            folder.Dispose();
        }

        return File.Exists(Path.Combine(directory, "HEAD"))
            && Directory.Exists(Path.Combine(directory, "objects"))
            && StaysWithinRoot(directory)
                ? RepositoryFolder.Open(directory)
                : null;
    }

    /// <summary>Makes an empty bare repository. It appears whole or not at all.</summary>
    /// <param name="repository">Its path.</param>
    /// <param name="format">Its object format.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when something already stands at that path.</returns>
    /// <exception cref="IOException">The directory can't be written.</exception>
    public async Task<bool> CreateAsync(RepositoryPath repository, ObjectFormat format, CancellationToken cancellationToken)
    {
        var directory = DirectoryOf(repository);
        var parent = Path.GetDirectoryName(directory)!;
        if (Path.Exists(directory) || !StaysWithinRoot(parent))
        {
            return false;
        }

        Directory.CreateDirectory(parent);
        var temporary = Path.Combine(parent, $".creating-{Guid.NewGuid():N}");
        try
        {
            await git.RunAsync(
                new GitInvocation
                {
                    Subcommand = "init",
                    Arguments =
                    [
                        "--bare",
                        "--quiet",
                        "--template=",
                        format == ObjectFormat.Sha256 ? "--object-format=sha256" : "--object-format=sha1",
                        "--",
                        temporary,
                    ],
                    Directory = parent,
                },
                ReadOnlyMemory<byte>.Empty,
                maxOutputBytes: 64 * 1024,
                cancellationToken);
            Directory.CreateDirectory(Path.Combine(temporary, "hooks"));
            Directory.Move(temporary, directory);
            return true;
        }
        catch (IOException) when (Path.Exists(directory))
        {
            return false;
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }

    /// <summary>Deletes a repository and the directories above it that became empty.</summary>
    /// <returns>False when there was none.</returns>
    public bool Delete(RepositoryPath repository)
    {
        if (Locate(repository) is not { } directory)
        {
            return false;
        }

        // Out of sight in one step; a request that comes meanwhile finds a repository or none, never half of one.
        var parent = Path.GetDirectoryName(directory)!;
        var condemned = Path.Combine(parent, $".deleting-{Guid.NewGuid():N}");
        Directory.Move(directory, condemned);
        Directory.Delete(condemned, recursive: true);
        if (LfsDirectoryOf(repository) is { } objects && Directory.Exists(objects))
        {
            // Who makes a repository of this name again must not find what was in this one.
            Directory.Delete(objects, recursive: true);
        }

        while (parent.Length > root.Length && !Directory.EnumerateFileSystemEntries(parent).Any())
        {
            Directory.Delete(parent);
            parent = Path.GetDirectoryName(parent)!;
        }

        return true;
    }

    /// <summary>All repositories, in the order of their paths.</summary>
    public IReadOnlyList<RepositoryPath> List()
    {
        List<RepositoryPath> found = [];
        if (Directory.Exists(root))
        {
            Collect(root, string.Empty, found);
        }

        found.Sort((left, right) => string.CompareOrdinal(left.Value, right.Value));
        return found;
    }

    private static void Collect(string directory, string prefix, List<RepositoryPath> found)
    {
        foreach (var child in new DirectoryInfo(directory).EnumerateDirectories())
        {
            if (child.Name.EndsWith(Suffix, StringComparison.Ordinal))
            {
                if (RepositoryPath.TryParse(prefix + child.Name[..^Suffix.Length], out var path)
                    && File.Exists(Path.Combine(child.FullName, "HEAD")))
                {
                    found.Add(path);
                }
            }
            else if (child.LinkTarget is null && !child.Name.StartsWith('.'))
            {
                Collect(child.FullName, prefix + child.Name + "/", found);
            }
        }
    }

    private string DirectoryOf(RepositoryPath repository) => Path.Combine(root, repository.Value + Suffix);

    // What is in a directory is the same for as long as its stamp is.
    private bool IsWhole(RepositoryFolder folder)
    {
        if (whole.TryGetValue(folder.Path, out var known) && known == folder.Stamp)
        {
            return true;
        }

        if (!folder.TryStamp("HEAD\0"u8, follow: false, out var head) || !head.IsRegular
            || !folder.TryStamp("objects\0"u8, follow: false, out var objects) || !objects.IsDirectory)
        {
            return false;
        }

        if (folder.IsSettled)
        {
            if (whole.Count >= MaxKept)
            {
                whole.Clear();
            }

            whole[folder.Path] = folder.Stamp;
        }

        return true;
    }

    private bool StaysWithinRoot(string directory) =>
        FinalPath.Of(directory) is { } path && FinalPath.Of(root) is { } top && (path == top || path.StartsWith(top + Path.DirectorySeparatorChar, StringComparison.Ordinal));
}
