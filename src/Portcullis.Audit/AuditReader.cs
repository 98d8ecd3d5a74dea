using System.Runtime.CompilerServices;
using Portcullis.Audit.Files;
using Portcullis.Audit.Reading;

namespace Portcullis.Audit;

/// <summary>Reads a folder's logs, those of all nodes together. It checks nothing: that is the <see cref="AuditVerifier"/>'s work.</summary>
/// <param name="directory">The log's folder.</param>
/// <param name="onProblem">Told of lines that can't be read; they are passed over.</param>
public sealed class AuditReader(string directory, Action<AuditProblem>? onProblem = null)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Reads the entries that are there. Each node's come in the order in which they were written; several nodes' are merged by
    /// time. Memory does not grow with the log.
    /// </summary>
    /// <param name="filter">Which entries.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<AuditEntry> ReadAsync(AuditFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var nodes = new Dictionary<string, NodeReader>(StringComparer.Ordinal);
        try
        {
            AddNodes(nodes, filter);
            await foreach (var entry in MergeAsync(nodes, cancellationToken).ConfigureAwait(false))
            {
                yield return entry;
            }
        }
        finally
        {
            await DisposeAsync(nodes).ConfigureAwait(false);
        }
    }

    /// <summary>As <see cref="ReadAsync"/>, then waits for more, until it is cancelled; follows rotation and nodes that join.</summary>
    /// <param name="filter">Which entries.</param>
    /// <param name="timeProvider">The clock that sets the pace.</param>
    /// <param name="cancellationToken">Ends the following, without an exception.</param>
    public async IAsyncEnumerable<AuditEntry> FollowAsync(
        AuditFilter filter, TimeProvider timeProvider, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var nodes = new Dictionary<string, NodeReader>(StringComparer.Ordinal);
        using var timer = new PeriodicTimer(PollInterval, timeProvider);
        try
        {
            do
            {
                AddNodes(nodes, filter);
                await foreach (var entry in MergeAsync(nodes, CancellationToken.None).ConfigureAwait(false))
                {
                    yield return entry;
                    if (cancellationToken.IsCancellationRequested)
                    {
                        yield break;
                    }
                }
            }
            while (await TickAsync(timer, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            await DisposeAsync(nodes).ConfigureAwait(false);
        }
    }

    private static async ValueTask<bool> TickAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async IAsyncEnumerable<AuditEntry> MergeAsync(
        Dictionary<string, NodeReader> nodes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ready = new PriorityQueue<NodeReader, (DateTimeOffset Time, string Node)>();
        foreach (var (node, reader) in nodes)
        {
            await PullAsync(node, reader).ConfigureAwait(false);
        }

        while (ready.TryDequeue(out var first, out var key))
        {
            yield return first.Current!;
            await PullAsync(key.Node, first).ConfigureAwait(false);
        }

        async ValueTask PullAsync(string node, NodeReader reader)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                ready.Enqueue(reader, (reader.Current!.Record.Time, node));
            }
        }
    }

    private static async ValueTask DisposeAsync(Dictionary<string, NodeReader> nodes)
    {
        foreach (var node in nodes.Values)
        {
            await node.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void AddNodes(Dictionary<string, NodeReader> nodes, AuditFilter filter)
    {
        foreach (var node in LogFileName.List(directory).Select(name => name.Node).Distinct())
        {
            if (filter.Node is null || filter.Node == node)
            {
                nodes.TryAdd(node, new NodeReader(directory, node, filter, onProblem));
            }
        }
    }
}
