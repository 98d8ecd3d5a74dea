using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>Reads every blob of an object directory that is small enough to be a pointer.</summary>
internal sealed class SmallBlobs(GitLauncher git)
{
    private const int BatchSize = 20_000;

    /// <summary>Reads them, each once, in any order.</summary>
    /// <param name="directory">The repository.</param>
    /// <param name="quarantine">An object directory that is read instead of the repository's own, without that behind it; null for the repository's.</param>
    /// <param name="hasLowPriority">Whether others go first.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="GitFailedException">git could not read them all.</exception>
    public async IAsyncEnumerable<byte[]> ReadAsync(
        string directory, string? quarantine, bool hasLowPriority, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var listing = git.Start(Invocation(
            directory, quarantine, hasLowPriority, "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--batch-all-objects", "--unordered", "--buffer"));
        listing.CloseInput();
        using var lines = new StreamReader(new NetworkStream(listing.Output), Encoding.ASCII);
        var ids = new StringBuilder();
        for (var count = 0; await lines.ReadLineAsync(cancellationToken) is { } line;)
        {
            if (line.Split(' ') is not [var id, var type, var digits] || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            {
                // "<id> missing": it is there, and can't be read.
                throw new GitFailedException("cat-file", null, "an object can't be read");
            }

            if (type == "blob" && size <= LfsPointer.MaxBytes)
            {
                ids.Append(id).Append('\n');
                if (++count % BatchSize == 0)
                {
                    await foreach (var blob in ContentsAsync(directory, quarantine, hasLowPriority, ids, cancellationToken))
                    {
                        yield return blob;
                    }
                }
            }
        }

        await EndedWellAsync(listing);
        await foreach (var blob in ContentsAsync(directory, quarantine, hasLowPriority, ids, cancellationToken))
        {
            yield return blob;
        }
    }

    // By the batch, so that very many small files cost no memory here.
    private async IAsyncEnumerable<byte[]> ContentsAsync(
        string directory, string? quarantine, bool hasLowPriority, StringBuilder ids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (ids.Length == 0)
        {
            yield break;
        }

        await using var contents = git.Start(Invocation(directory, quarantine, hasLowPriority, "--batch", "--buffer"));
        var asked = Encoding.ASCII.GetBytes(ids.ToString());
        var missing = asked.AsSpan().Count((byte)'\n');
        var feeding = GitLauncher.FeedAsync(contents, asked, cancellationToken);
        ids.Clear();
        await foreach (var blob in PointerReader.ReadBlobsAsync(contents.Output, cancellationToken))
        {
            missing--;
            yield return blob;
        }

        await feeding;
        await EndedWellAsync(contents);
        if (missing != 0)
        {
            throw new GitFailedException("cat-file", null, "an object can't be read");
        }
    }

    private static async Task EndedWellAsync(GitProcess process)
    {
        var exitCode = await process.WaitAsync();
        if (exitCode != 0)
        {
            throw new GitFailedException("cat-file", exitCode, await process.ErrorTextAsync());
        }
    }

    private static GitInvocation Invocation(string directory, string? quarantine, bool hasLowPriority, params string[] arguments) => new()
    {
        Subcommand = "cat-file",
        Arguments = arguments,
        Directory = directory,
        Environment = quarantine is null
            ? ["GIT_DIR=" + directory, "GIT_NO_REPLACE_OBJECTS=1"]
            : ["GIT_DIR=" + directory, "GIT_NO_REPLACE_OBJECTS=1", "GIT_OBJECT_DIRECTORY=" + quarantine],
        HasLowPriority = hasLowPriority,
    };
}
