namespace Portcullis.Audit.Lines;

/// <summary>
/// The chain that is written: collects the lines of one batch, each linked to the one before. A batch that could not be
/// written is rolled back, so that the chain always stands where the file does.
/// </summary>
internal sealed class Chain(string node, IAuditSigner? signer, ChainPosition position)
{
    private readonly LineBuffer _batch = new();
    private readonly byte[] _hash = position.Hash.ToArray();
    private readonly byte[] _committedHash = position.Hash.ToArray();
    private long _committedCount = position.Count;
    private int _committedSince = position.LinesSinceCheckpoint;

    /// <summary>The lines of the batch, as bytes.</summary>
    public ReadOnlySpan<byte> Batch => _batch.Written;

    /// <summary>Lines in the chain, the batch included.</summary>
    public long Count { get; private set; } = position.Count;

    /// <summary>Lines that no checkpoint covers yet, the batch included.</summary>
    public int LinesSinceCheckpoint { get; private set; } = position.LinesSinceCheckpoint;

    /// <summary>Where the chain stands, the batch included.</summary>
    public ChainPosition Position => new(Count, _hash.ToArray(), LinesSinceCheckpoint);

    /// <summary>Adds a line, given without the chain's own members.</summary>
    public void Add(ReadOnlySpan<byte> body)
    {
        var start = _batch.Length;
        _batch.Append(body);
        LineHash.AppendPrevious(_batch, _hash);
        LineHash.Close(_batch, start, _hash);
        Count++;
        LinesSinceCheckpoint++;
    }

    /// <summary>Adds a signed checkpoint.</summary>
    public void AddCheckpoint(string reason, DateTimeOffset time)
    {
        var start = _batch.Length;
        CheckpointLine.Write(_batch, time, node, reason, Count, _hash, signer);
        LineHash.Close(_batch, start, _hash);
        Count++;
        LinesSinceCheckpoint = 0;
    }

    /// <summary>The batch is in the file.</summary>
    public void Commit()
    {
        _batch.Clear();
        _hash.CopyTo(_committedHash, 0);
        _committedCount = Count;
        _committedSince = LinesSinceCheckpoint;
    }

    /// <summary>The batch is not in the file.</summary>
    public void RollBack()
    {
        _batch.Clear();
        _committedHash.CopyTo(_hash, 0);
        Count = _committedCount;
        LinesSinceCheckpoint = _committedSince;
    }
}
