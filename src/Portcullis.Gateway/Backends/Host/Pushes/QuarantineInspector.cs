using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Portcullis.Gateway.Backends.Host.Objects;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Git;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>Looks at what a push brought while it waits in git's quarantine (git-receive-pack(1), "Quarantine environment").</summary>
/// <param name="git">Starts git.</param>
/// <param name="reachable">Knows what the visible refs reach.</param>
/// <param name="directory">The repository.</param>
/// <param name="quarantine">The quarantine's object directory; null when the push brought no objects.</param>
internal sealed class QuarantineInspector(GitLauncher git, ReachableObjects reachable, string directory, string? quarantine)
{
    private const int MaxLineBytes = 256;
    private const int BatchSize = 50_000;

    /// <summary>Whether an update of a ref is a fast-forward: both ends are commits, and the old one is an ancestor of the new one.</summary>
    public async Task<bool> IsFastForwardAsync(ObjectId before, ObjectId after, CancellationToken cancellationToken)
    {
        if (IsProvedByFiles(before, after))
        {
            return true;
        }

        var types = await TypesAsync([before, after], cancellationToken);
        return types.Count == 2 && types.All(type => type == "commit") && await IsAncestorAsync(before, after, cancellationToken);
    }

    /// <summary>
    /// Whether an update of a ref that git has carried out was a fast-forward, for the record alone. Only commits become branches (refs.c), so that
    /// their types need no look.
    /// </summary>
    public async Task<bool> WasFastForwardAsync(RefName name, ObjectId before, ObjectId after, CancellationToken cancellationToken)
    {
        if (!name.IsBranch)
        {
            return await IsFastForwardAsync(before, after, cancellationToken);
        }

        try
        {
            return IsProvedByFiles(before, after) || await IsAncestorAsync(before, after, cancellationToken);
        }
        catch (GitFailedException)
        {
            // The old commit is not there, in a repository that was broken before: no fast-forward that anybody could prove.
            return false;
        }
    }

    /// <summary>
    /// Whether everything that the new tips reach is either in the pushed pack or reached by refs that the pusher may see.
    /// </summary>
    /// <param name="tips">The new values of refs that the pusher may pull.</param>
    /// <param name="visible">The values of the refs that the pusher may pull, before the push.</param>
    /// <param name="cancellationToken">Ends the inspection.</param>
    /// <remarks>
    /// git's own connectivity check is content with objects that any ref reaches. A pusher could so name a hidden tree in
    /// a commit and fetch its content through it, or send a delta against a hidden object and fetch the result.
    /// </remarks>
    public async Task<bool> IsConnectedAsync(
        IReadOnlyCollection<ObjectId> tips, IReadOnlySet<ObjectId> visible, CancellationToken cancellationToken)
    {
        var outside = await ObjectsFromElsewhereAsync(tips, visible, cancellationToken);
        await reachable.RemoveReachableAsync(directory, visible, outside, ObjectWalk.Objects, cancellationToken);
        return outside.Count == 0;
    }

    /// <summary>
    /// Whether the objects that git added to complete a thin pack, deltas' bases that the client did not send, are all
    /// reached by refs that the pusher may see.
    /// </summary>
    /// <param name="sentObjects">How many objects the pack held as it was sent (gitformat-pack).</param>
    /// <param name="visible">The values of the refs that the pusher may pull, before the push.</param>
    /// <param name="cancellationToken">Ends the inspection.</param>
    public async Task<bool> AreBasesVisibleAsync(long sentObjects, IReadOnlySet<ObjectId> visible, CancellationToken cancellationToken)
    {
        if (quarantine is null)
        {
            return true;
        }

        var packs = Path.Combine(quarantine, "pack");
        var indexes = Directory.Exists(packs) ? Directory.GetFiles(packs, "*.idx") : [];
        if (indexes.Length == 0)
        {
            return sentObjects == 0;
        }

        if (indexes.Length > 1)
        {
            return false;
        }

        if (ObjectCountOf(indexes[0]) == sentObjects)
        {
            return true;
        }

        // show-index prints each object's place in the pack: what index-pack appended stands behind what was sent.
        var output = await git.RunAsync(
            Invocation("show-index", [], withRepository: true),
            await File.ReadAllBytesAsync(indexes[0], cancellationToken),
            int.MaxValue,
            cancellationToken);
        var objects = ParseIndex(output);
        var appended = objects.OrderBy(entry => entry.Offset).Skip((int)Math.Min(sentObjects, int.MaxValue)).Select(entry => entry.Id).ToHashSet();
        await reachable.RemoveReachableAsync(directory, visible, appended, ObjectWalk.Objects, cancellationToken);
        return appended.Count == 0;
    }

    // What git unpacks, it has named itself by its content: such a chain of parents is as good as git's word.
    private bool IsProvedByFiles(ObjectId before, ObjectId after)
    {
        var objects = Path.Combine(directory, "objects");
        return LooseAncestry.IsProved(quarantine is null ? [objects] : [quarantine, objects], before, after);
    }

    // merge-base looks through annotated tags to their commits: whoever decides by this must know that both are commits.
    private async Task<bool> IsAncestorAsync(ObjectId before, ObjectId after, CancellationToken cancellationToken)
    {
        try
        {
            await git.RunAsync(
                Invocation("merge-base", ["--is-ancestor", before.ToString(), after.ToString()], withRepository: true),
                ReadOnlyMemory<byte>.Empty,
                MaxLineBytes,
                cancellationToken);
            return true;
        }
        catch (GitFailedException failure) when (failure.ExitCode == 1)
        {
            return false;
        }
    }

    // The last entry of the fan-out table of a version 2 index (gitformat-pack(5)).
    private static long ObjectCountOf(string index)
    {
        Span<byte> head = stackalloc byte[8 + (256 * 4)];
        using var file = File.OpenRead(index);
        file.ReadExactly(head);
        return head is [0xff, (byte)'t', (byte)'O', (byte)'c', 0, 0, 0, 2, ..]
            ? BinaryPrimitives.ReadUInt32BigEndian(head[^4..])
            : -1;
    }

    private static List<(long Offset, ObjectId Id)> ParseIndex(byte[] output)
    {
        List<(long, ObjectId)> objects = [];
        foreach (var line in Encoding.ASCII.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ');
            if (fields.Length < 2
                || !long.TryParse(fields[0], System.Globalization.CultureInfo.InvariantCulture, out var offset)
                || !ObjectId.TryParse(fields[1].AsSpan(), out var id))
            {
                throw new GitFailedException("show-index", 0, "a line is not understood");
            }

            objects.Add((offset, id));
        }

        return objects;
    }

    // Objects that the tips reach, that the push did not bring, and that, as far as rev-list's boundary tells, no visible
    // ref reaches: too many rather than too few. Looked up by the batch, so that a large push costs no memory here.
    private async Task<HashSet<ObjectId>> ObjectsFromElsewhereAsync(
        IReadOnlyCollection<ObjectId> tips, IReadOnlySet<ObjectId> visible, CancellationToken cancellationToken)
    {
        var input = new StringBuilder();
        foreach (var tip in tips)
        {
            input.Append(tip).Append('\n');
        }

        foreach (var tip in visible)
        {
            input.Append('^').Append(tip).Append('\n');
        }

        var elsewhere = new HashSet<ObjectId>();
        var batch = new HashSet<ObjectId>();
        await foreach (var line in LinesAsync(
            Invocation("rev-list", ["--objects", "--no-object-names", "--stdin"], withRepository: true), input.ToString(), cancellationToken))
        {
            if (ObjectId.TryParse(line.AsSpan(), out var id) && batch.Add(id) && batch.Count == BatchSize)
            {
                await MoveUnpushedAsync(batch, elsewhere, cancellationToken);
            }
        }

        await MoveUnpushedAsync(batch, elsewhere, cancellationToken);
        return elsewhere;
    }

    private async Task MoveUnpushedAsync(HashSet<ObjectId> batch, HashSet<ObjectId> elsewhere, CancellationToken cancellationToken)
    {
        if (quarantine is not null && batch.Count > 0)
        {
            batch.ExceptWith(await PushedObjectsAsync(batch, cancellationToken));
        }

        elsewhere.UnionWith(batch);
        batch.Clear();
    }

    private async Task<HashSet<ObjectId>> PushedObjectsAsync(HashSet<ObjectId> candidates, CancellationToken cancellationToken)
    {
        var input = new StringBuilder();
        foreach (var id in candidates)
        {
            input.Append(id).Append('\n');
        }

        var pushed = new HashSet<ObjectId>();
        await foreach (var line in LinesAsync(
            Invocation("cat-file", ["--batch-check=%(objectname)"], withRepository: false), input.ToString(), cancellationToken))
        {
            if (ObjectId.TryParse(line.AsSpan(), out var id))
            {
                pushed.Add(id);
            }
        }

        return pushed;
    }

    private async Task<List<string>> TypesAsync(ObjectId[] ids, CancellationToken cancellationToken)
    {
        List<string> types = [];
        await foreach (var line in LinesAsync(
            Invocation("cat-file", ["--batch-check=%(objecttype)"], withRepository: true),
            string.Concat(ids.Select(id => id + "\n")),
            cancellationToken))
        {
            types.Add(line);
        }

        return types;
    }

    private async IAsyncEnumerable<string> LinesAsync(
        GitInvocation invocation, string input, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var process = git.Start(invocation);
        var feeding = GitLauncher.FeedAsync(process, Encoding.ASCII.GetBytes(input), cancellationToken);
        using var reader = new StreamReader(new NetworkStream(process.Output), Encoding.ASCII);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return line;
        }

        await feeding;
        var exitCode = await process.WaitAsync();
        if (exitCode != 0)
        {
            throw new GitFailedException(invocation.Subcommand, exitCode, await process.ErrorTextAsync());
        }
    }

    // In the quarantine, with or without the repository's objects behind it. Replacements never count: one that was
    // pushed could make a rewritten history look like a fast-forward.
    private GitInvocation Invocation(string subcommand, IReadOnlyList<string> arguments, bool withRepository)
    {
        List<string> environment = ["GIT_DIR=" + directory, "GIT_NO_REPLACE_OBJECTS=1"];
        if (quarantine is not null)
        {
            environment.Add("GIT_OBJECT_DIRECTORY=" + quarantine);
            if (withRepository)
            {
                environment.Add("GIT_ALTERNATE_OBJECT_DIRECTORIES=" + Path.Combine(directory, "objects"));
            }
        }

        return new GitInvocation
        {
            Subcommand = subcommand,
            Arguments = arguments,
            Directory = directory,
            Environment = environment,
        };
    }
}
