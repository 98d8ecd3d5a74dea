using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Requests;
using Portcullis.Git;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>
/// Judges the Git LFS pointers that a pusher brings who does not see every ref. Whoever may pull a ref may have what its pointers point to
/// (<see cref="ReachablePointers"/>); so a pointer to an object that the pusher neither has brought nor may have would be a way to what is hidden.
/// </summary>
internal sealed class PushedPointers(GitLauncher git, ReachablePointers reachable, GatewayOptions options)
{
    private const int BatchSize = 20_000;

    // What is more than this at once was not made by working.
    private const int MaxUnknown = 100_000;

    /// <summary>Whether every pointer among the pushed objects points to something that the pusher has brought, or that a ref points to which they may pull.</summary>
    /// <param name="directory">The repository, or the mirror of one elsewhere.</param>
    /// <param name="folder">Knows who has brought what to it.</param>
    /// <param name="quarantine">The quarantine's object directory; null when the push brought no objects.</param>
    /// <param name="pusher">Who pushes.</param>
    /// <param name="visible">The values of the refs that the pusher may pull, before the push.</param>
    /// <param name="cancellationToken">Ends the inspection.</param>
    /// <exception cref="GitFailedException">git could not read what was pushed.</exception>
    public async Task<bool> AreKnownAsync(
        string directory, LfsFolder folder, string? quarantine, Caller pusher, IReadOnlySet<ObjectId> visible, CancellationToken cancellationToken)
    {
        // A blob that the push did not bring is reached by a visible ref already (QuarantineInspector.IsConnectedAsync), and with it its pointer.
        if (!options.LfsEnabled || quarantine is null)
        {
            return true;
        }

        HashSet<LfsObjectId> unknown = [];
        await foreach (var pointed in ReadAsync(directory, quarantine, cancellationToken))
        {
            if (!folder.IsHeldBy(pointed.Id, pusher))
            {
                unknown.Add(pointed.Id);
                if (unknown.Count > MaxUnknown)
                {
                    return false;
                }
            }
        }

        await reachable.RemoveReachableAsync(directory, visible, unknown, cancellationToken);
        return unknown.Count == 0;
    }

    private async IAsyncEnumerable<LfsObject> ReadAsync(
        string directory, string quarantine, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var listing = git.Start(Invocation(
            directory, quarantine, "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--batch-all-objects", "--unordered", "--buffer"));
        listing.CloseInput();
        using var lines = new StreamReader(new NetworkStream(listing.Output), Encoding.ASCII);
        var ids = new StringBuilder();
        for (var count = 0; await lines.ReadLineAsync(cancellationToken) is { } line;)
        {
            if (line.Split(' ') is [var id, "blob", var digits]
                && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                && size <= LfsPointer.MaxBytes)
            {
                ids.Append(id).Append('\n');
                if (++count % BatchSize == 0)
                {
                    await foreach (var pointed in ContentsAsync(directory, quarantine, ids, cancellationToken))
                    {
                        yield return pointed;
                    }
                }
            }
        }

        await EndedWellAsync(listing);
        await foreach (var pointed in ContentsAsync(directory, quarantine, ids, cancellationToken))
        {
            yield return pointed;
        }
    }

    // By the batch, so that a push of very many small files costs no memory here.
    private async IAsyncEnumerable<LfsObject> ContentsAsync(
        string directory, string quarantine, StringBuilder ids, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (ids.Length == 0)
        {
            yield break;
        }

        await using var contents = git.Start(Invocation(directory, quarantine, "--batch", "--buffer"));
        var feeding = GitLauncher.FeedAsync(contents, Encoding.ASCII.GetBytes(ids.ToString()), cancellationToken);
        ids.Clear();
        await foreach (var pointed in PointerReader.ReadAsync(contents.Output, cancellationToken))
        {
            yield return pointed;
        }

        await feeding;
        await EndedWellAsync(contents);
    }

    private static async Task EndedWellAsync(GitProcess process)
    {
        var exitCode = await process.WaitAsync();
        if (exitCode != 0)
        {
            throw new GitFailedException("cat-file", exitCode, await process.ErrorTextAsync());
        }
    }

    // The quarantine alone, without the repository's objects behind it.
    private static GitInvocation Invocation(string directory, string quarantine, params string[] arguments) => new()
    {
        Subcommand = "cat-file",
        Arguments = arguments,
        Directory = directory,
        Environment = ["GIT_DIR=" + directory, "GIT_NO_REPLACE_OBJECTS=1", "GIT_OBJECT_DIRECTORY=" + quarantine],
    };
}
