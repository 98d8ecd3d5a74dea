using Portcullis.Audit.Files;
using Portcullis.Audit.Lines;

namespace Portcullis.Audit.Writing;

/// <summary>
/// What is written next: the lines, linked into the chain, and the callers who wait for them. A batch is in the file as a whole or not at all,
/// and in the second case the chain is where it was.
/// </summary>
internal sealed class LineBatch(AuditLogOptions options, TimeProvider clock, Flusher flusher, ChainPosition position)
{
    private readonly Chain _chain = new(options.Node, options.Signer, position);
    private readonly List<PendingAppend> _callers = [];
    private readonly List<PendingAppend> _durable = [];
    private bool _hasCheckpoint;
    private long _firstUncovered;

    /// <summary>What the lines take in the file.</summary>
    public int Length => _chain.Batch.Length;

    /// <summary>How long a checkpoint can still wait; null where every line has one.</summary>
    public TimeSpan? CheckpointDueIn => _chain.LinesSinceCheckpoint > 0 ? options.CheckpointAfter - clock.GetElapsedTime(_firstUncovered) : null;

    /// <summary>Adds what a caller appends, and a checkpoint where so many lines have none.</summary>
    public void Add(PendingAppend pending)
    {
        var start = 0;
        foreach (var end in pending.Ends)
        {
            NoteUncovered();
            _chain.Add(pending.Bodies.Written[start..end]);
            start = end;
        }

        _callers.Add(pending);
        if (_chain.LinesSinceCheckpoint >= options.CheckpointEvery)
        {
            AddCheckpoint(CheckpointReason.Count);
        }
    }

    /// <summary>Adds a record of the log's own.</summary>
    public void AddOwn(string @event, string reason)
    {
        var now = clock.GetUtcNow();
        var line = new LineBuffer();
        RecordLine.Write(
            line, [], new AuditRecord { Id = AuditRecord.NewId(now), Event = @event, Outcome = AuditOutcome.Failed, Reason = reason }, options.Node, now);
        NoteUncovered();
        _chain.Add(line.Written);
    }

    /// <summary>Adds a signed checkpoint.</summary>
    public void AddCheckpoint(string reason)
    {
        _chain.AddCheckpoint(reason, clock.GetUtcNow());
        _hasCheckpoint = true;
    }

    /// <summary>Writes the batch with one write(2).</summary>
    /// <exception cref="IOException">It is not in the file: see <see cref="RollBack"/>.</exception>
    public void WriteTo(Segment segment)
    {
        segment.Write(_chain.Batch);
        _chain.Commit();
    }

    /// <summary>Lets the callers of a written batch go on: at once, or, if they wait for the disk, after its next flush.</summary>
    public void Complete(Segment segment)
    {
        foreach (var pending in _callers)
        {
            if (pending.IsDurable)
            {
                _durable.Add(pending);
            }
            else
            {
                pending.Complete();
            }
        }

        _callers.Clear();
        if (_durable.Count > 0 || _hasCheckpoint)
        {
            flusher.Add(segment, _durable, _hasCheckpoint ? AuditHead.Write(options.Node, clock.GetUtcNow(), _chain.Position, options.Signer) : null);
            _durable.Clear();
        }

        _hasCheckpoint = false;
    }

    /// <summary>Takes everything back and fails the callers. Returns how many there were.</summary>
    public int RollBack(AuditUnavailableException failure)
    {
        _chain.RollBack();
        _hasCheckpoint = false;
        var count = _callers.Count;
        FailCallers(failure);
        return count;
    }

    /// <summary>Fails everybody who waits.</summary>
    public void Abandon(AuditUnavailableException failure)
    {
        FailCallers(failure);
        _durable.ForEach(pending => pending.Fail(failure));
        _durable.Clear();
    }

    private void FailCallers(AuditUnavailableException failure)
    {
        _callers.ForEach(pending => pending.Fail(failure));
        _callers.Clear();
    }

    private void NoteUncovered()
    {
        if (_chain.LinesSinceCheckpoint == 0)
        {
            _firstUncovered = clock.GetTimestamp();
        }
    }
}
