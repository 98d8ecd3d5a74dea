using System.Net.Sockets;
using System.Text;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Git;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>Answers, for some tips of one repository, which Git LFS objects the history that they reach points to.</summary>
/// <remarks>
/// An object's name is no secret and no proof: whoever sees a pointer in a log, a patch or a leak knows it. So a caller with a restricted view gets an object only if
/// a ref that they may pull reaches a pointer to it. The walk reads what the tips reach, the newest commits first, until all that was asked is found; it never looks at
/// an object because it was asked for, so that neither the answer nor its duration tells whether an object that is not reached exists.
/// </remarks>
internal sealed class ReachablePointers(GitLauncher git, ReachableObjectsCache cache)
{
    /// <summary>Removes from <paramref name="asked"/> what is pointed to.</summary>
    /// <param name="directory">The repository.</param>
    /// <param name="tips">Object ids of refs, peeled or not.</param>
    /// <param name="asked">What is asked about; afterwards, what is not pointed to.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    /// <exception cref="GitFailedException">git could not walk: the repository is damaged.</exception>
    public async Task RemoveReachableAsync(string directory, IReadOnlySet<ObjectId> tips, HashSet<LfsObjectId> asked, CancellationToken cancellationToken)
    {
        if (asked.Count == 0 || tips.Count == 0)
        {
            return;
        }

        var key = ReachableObjectsCache.KeyOf(directory, tips, ObjectWalk.Pointers);
        if (cache.TryGet(key, out var known))
        {
            asked.RemoveWhere(id => known.Contains(Digits(id)));
            return;
        }

        await using var walk = git.Start(Invocation(
            directory, "rev-list", ["--objects", "--in-commit-order", "--no-object-names", $"--filter=blob:limit={LfsPointer.MaxBytes + 1}", "--stdin"]));
        await using var contents = git.Start(Invocation(directory, "cat-file", ["--batch", "--buffer"]));
        var feeding = GitLauncher.FeedAsync(walk, Encoding.ASCII.GetBytes(string.Concat(tips.Select(tip => tip + "\n"))), cancellationToken);
        var copying = CopyAsync(walk.Output, contents, cancellationToken);
        var collected = cache.StartCollecting();
        await foreach (var pointed in PointerReader.ReadAsync(contents.Output, cancellationToken))
        {
            asked.Remove(pointed.Id);
            collected.Add(Digits(pointed.Id));
            if (asked.Count == 0)
            {
                // All is proved; the rest of the walk is of no interest.
                return;
            }
        }

        await feeding;
        await copying;
        await EndedWellAsync(walk, "rev-list");
        await EndedWellAsync(contents, "cat-file");
        cache.Add(key, collected);
    }

    private static async Task CopyAsync(Socket ids, GitProcess contents, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await ids.ReceiveAsync(buffer, cancellationToken)) > 0)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await contents.Input.SendAsync(buffer.AsMemory(sent, read - sent), cancellationToken);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One of the two has ended; their exit codes say why.
        }

        contents.CloseInput();
    }

    private static async Task EndedWellAsync(GitProcess process, string subcommand)
    {
        var exitCode = await process.WaitAsync();
        if (exitCode != 0)
        {
            throw new GitFailedException(subcommand, exitCode, await process.ErrorTextAsync());
        }
    }

    // The cache keeps ids of 64 digits, which these are.
    private static ObjectId Digits(LfsObjectId id) => ObjectId.TryParse(id.ToString().AsSpan(), out var digits) ? digits : default;

    private static GitInvocation Invocation(string directory, string subcommand, IReadOnlyList<string> arguments) => new()
    {
        Subcommand = subcommand,
        Arguments = arguments,
        Directory = directory,
        Environment = ["GIT_DIR=" + directory, "GIT_NO_REPLACE_OBJECTS=1"],
    };
}
