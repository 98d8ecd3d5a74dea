using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git;

namespace Portcullis.Gateway.Backends.Host.Visibility;

/// <summary>Answers, for some tips of one repository, which of the objects asked about they reach.</summary>
/// <remarks>
/// git's own checks don't: with protocol version 2 <c>upload-pack</c> serves any object that exists, and
/// <c>rev-list … --not …</c> proves for trees and blobs only what its boundary happens to name. So the tips' history is
/// walked until all that was asked is found. The walk never looks at an object because it was asked for, so neither the
/// answer nor its duration tells whether an object that is not reached exists.
/// </remarks>
internal sealed class ReachableObjects(GitLauncher git, ReachableObjectsCache cache)
{
    /// <summary>Removes from <paramref name="asked"/> what the tips reach.</summary>
    /// <param name="directory">The repository.</param>
    /// <param name="tips">Object ids of refs, peeled or not.</param>
    /// <param name="asked">What is asked about; afterwards, what is not reached.</param>
    /// <param name="walk">Whether trees and blobs count, or commits alone.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    /// <exception cref="GitFailedException">git could not walk: the repository is damaged.</exception>
    public async Task RemoveReachableAsync(
        string directory,
        IReadOnlySet<ObjectId> tips,
        HashSet<ObjectId> asked,
        ObjectWalk walk,
        CancellationToken cancellationToken)
    {
        asked.ExceptWith(tips);
        if (asked.Count == 0 || tips.Count == 0)
        {
            return;
        }

        var key = ReachableObjectsCache.KeyOf(directory, tips, walk);
        if (cache.TryGet(key, out var known))
        {
            asked.RemoveWhere(known.Contains);
            return;
        }

        await WalkAsync(directory, tips, asked, walk, key, cancellationToken);
    }

    private async Task WalkAsync(
        string directory,
        IReadOnlySet<ObjectId> tips,
        HashSet<ObjectId> asked,
        ObjectWalk walk,
        ReachableObjectsCache.Key key,
        CancellationToken cancellationToken)
    {
        await using var process = git.Start(new GitInvocation
        {
            Subcommand = "rev-list",
            Arguments = walk == ObjectWalk.Commits ? ["--stdin"] : ["--objects", "--no-object-names", "--stdin"],
            Directory = directory,
            Environment = ["GIT_DIR=" + directory, "GIT_NO_REPLACE_OBJECTS=1"],
        });
        var feeding = GitLauncher.FeedAsync(process, TipLines(tips), cancellationToken);
        var collected = cache.StartCollecting();
        var reader = PipeReader.Create(new NetworkStream(process.Output), new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var consumed = Consume(result.Buffer, asked, collected);
            reader.AdvanceTo(consumed, result.Buffer.End);
            if (asked.Count == 0)
            {
                // All is proved; the rest of the walk is of no interest.
                return;
            }

            if (result.IsCompleted)
            {
                break;
            }
        }

        await feeding;
        var exitCode = await process.WaitAsync();
        if (exitCode != 0)
        {
            throw new GitFailedException("rev-list", exitCode, await process.ErrorTextAsync());
        }

        cache.Add(key, collected);
    }

    private static SequencePosition Consume(ReadOnlySequence<byte> buffer, HashSet<ObjectId> asked, ReachableObjectsCache.Collection collected)
    {
        var reader = new SequenceReader<byte>(buffer);
        Span<byte> line = stackalloc byte[64];
        while (reader.TryReadTo(out ReadOnlySequence<byte> sequence, (byte)'\n'))
        {
            if (sequence.Length > line.Length)
            {
                continue;
            }

            sequence.CopyTo(line);
            if (ObjectId.TryParse(line[..(int)sequence.Length], out var id))
            {
                asked.Remove(id);
                collected.Add(id);
            }
        }

        return reader.Position;
    }

    private static byte[] TipLines(IReadOnlySet<ObjectId> tips)
    {
        var text = new StringBuilder(tips.Count * 41);
        foreach (var tip in tips)
        {
            text.Append(tip).Append('\n');
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
