using System.Text;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Processes;

namespace Portcullis.Gateway.Backends.Host.Repositories;

/// <summary>
/// A repository's configuration as git reads it, and the proof that git would read the same again: of every file that it comes from or could come from, and of
/// the git program. Immutable.
/// </summary>
internal sealed class RepositoryConfiguration
{
    private const int MaxBytes = 4 << 20;
    private const int MaxRounds = 4;

    private readonly FileProof[]? proofs;

    private RepositoryConfiguration(IReadOnlyList<KeyValuePair<string, string>> values, FileProof[]? proofs)
    {
        Values = values;
        this.proofs = proofs;
    }

    /// <summary>The settings in git's order; keys as git writes them, values with a character for each byte.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Values { get; }

    /// <summary>The last value of a setting, or null.</summary>
    public string? Last(string key) => Values.LastOrDefault(pair => pair.Key == key).Value;

    /// <summary>Whether git would read the same now. False where that can't be proved.</summary>
    public bool Holds(RepositoryFolder folder)
    {
        if (proofs is null)
        {
            return false;
        }

        foreach (var proof in proofs)
        {
            if (!proof.Holds(folder))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether nobody has touched the files since they were read, so that what git said meanwhile belongs to these settings.</summary>
    public bool IsUntouched(RepositoryFolder folder) => proofs is not null && Array.TrueForAll(proofs, proof => proof.IsUntouched(folder));

    /// <summary>The same with a newer proof; null when the files have changed, or that can't be proved.</summary>
    public RepositoryConfiguration? Renew(RepositoryFolder folder)
    {
        if (proofs is null)
        {
            return null;
        }

        var renewed = new FileProof[proofs.Length];
        for (var i = 0; i < proofs.Length; i++)
        {
            if (!proofs[i].TryRenew(folder, out var proof))
            {
                return null;
            }

            renewed[i] = proof;
        }

        return new(Values, renewed);
    }

    /// <summary>Asks git.</summary>
    /// <exception cref="GitFailedException">git can't read it.</exception>
    public static async Task<RepositoryConfiguration> ReadAsync(GitLauncher git, HeldFiles held, RepositoryFolder folder, CancellationToken cancellationToken)
    {
        var directory = folder.Path;
        var known = new SortedSet<string>(StringComparer.Ordinal)
        {
            Path.Combine(directory, "config"), Path.Combine(directory, "config.worktree"), git.ConfigurationFile,
        };
        for (var round = 0; ; round++)
        {
            // The files first, and git behind them: what git reads is no older than the proof.
            var proofs = round < MaxRounds ? ProofsOf(known, git.Program, held, folder) : null;
            var values = Parse(await ListAsync(git, directory, cancellationToken), directory, git.HomeDirectory, out var files, out var isTraced);
            if (proofs is null || !isTraced)
            {
                return new(values, null);
            }

            var count = known.Count;
            known.UnionWith(files);
            if (known.Count == count && new RepositoryConfiguration(values, proofs) is var read && read.IsUntouched(folder))
            {
                return read;
            }
        }
    }

    private static Task<byte[]> ListAsync(GitLauncher git, string directory, CancellationToken cancellationToken) =>
        git.RunAsync(
            new GitInvocation
            {
                Subcommand = "config",
                Arguments = ["--list", "--null", "--show-origin"],
                Directory = directory,
                Environment = ["GIT_DIR=" + directory],
            },
            ReadOnlyMemory<byte>.Empty,
            MaxBytes,
            cancellationToken);

    private static FileProof[]? ProofsOf(IEnumerable<string> files, string program, HeldFiles held, RepositoryFolder folder)
    {
        if (!FileProof.TryStamp(folder, NativeFile.PathBytes(program), out var git, held.TryHold(program)))
        {
            return null;
        }

        var proofs = new List<FileProof> { git };
        foreach (var file in files)
        {
            // A repository's own files are looked up from its directory; the installation's are few, and the same for all.
            var own = file.StartsWith(folder.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? file[(folder.Path.Length + 1)..] : null;
            if (!LocalFileSystem.Holds(file)
                || !FileProof.TryRead(folder, NativeFile.PathBytes(own ?? file), follow: true, MaxBytes, out _, out var proof, own is null ? held.TryHold(file) : null))
            {
                return null;
            }

            proofs.Add(proof);
        }

        return [.. proofs];
    }

    // origin NUL key LF value NUL …; a key without a value has no LF.
    private static List<KeyValuePair<string, string>> Parse(byte[] output, string directory, string home, out List<string> files, out bool isTraced)
    {
        var values = new List<KeyValuePair<string, string>>();
        files = [];
        isTraced = true;
        var parts = Encoding.Latin1.GetString(output).Split('\0');
        for (var i = 0; i + 1 < parts.Length; i += 2)
        {
            var newline = parts[i + 1].IndexOf('\n', StringComparison.Ordinal);
            var key = newline < 0 ? parts[i + 1] : parts[i + 1][..newline];
            var value = newline < 0 ? "" : parts[i + 1][(newline + 1)..];
            values.Add(new(key, value));
            var origin = parts[i].StartsWith("file:", StringComparison.Ordinal) ? Path.GetFullPath(Utf8(parts[i]["file:".Length..]), directory) : null;
            if (origin is null)
            {
                isTraced = false;
                continue;
            }

            files.Add(origin);
            if (IsInclude(key, out var isStatic))
            {
                isTraced &= isStatic && TryLocate(Utf8(value), origin, home, files);
            }
        }

        return values;
    }

    // A condition that never changes for this repository and its configuration counts as met: it can only name a file too many.
    private static bool IsInclude(string key, out bool isStatic)
    {
        isStatic = key == "include.path" || key.StartsWith("includeif.gitdir:", StringComparison.Ordinal) || key.StartsWith("includeif.gitdir/i:", StringComparison.Ordinal)
            || key.StartsWith("includeif.hasconfig:", StringComparison.Ordinal);
        return key == "include.path" || (key.StartsWith("includeif.", StringComparison.Ordinal) && key.EndsWith(".path", StringComparison.Ordinal));
    }

    private static bool TryLocate(string path, string origin, string home, List<string> files)
    {
        if (path.StartsWith("~/", StringComparison.Ordinal))
        {
            path = Path.Combine(home, path[2..]);
        }
        else if (path.StartsWith('~') || path.StartsWith("%(", StringComparison.Ordinal))
        {
            return false;
        }

        files.Add(Path.GetFullPath(path, Path.GetDirectoryName(origin)!));
        return true;
    }

    private static string Utf8(string latin1) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin1));
}
