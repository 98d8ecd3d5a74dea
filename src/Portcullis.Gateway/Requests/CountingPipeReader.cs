using System.Buffers;
using System.IO.Pipelines;

namespace Portcullis.Gateway.Requests;

/// <summary>A pipe to read from that knows how much has come out of it.</summary>
/// <remarks>The bytes stay in the buffers of <paramref name="inner"/>: nothing is copied to be counted.</remarks>
internal sealed class CountingPipeReader(PipeReader inner) : PipeReader
{
    private ReadOnlySequence<byte> buffer;
    private bool holdsBuffer;
    private long consumed;
    private long seen;

    /// <summary>Bytes seen so far, consumed or not.</summary>
    public long Count => Volatile.Read(ref seen);

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Keep(await inner.ReadAsync(cancellationToken));

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (!inner.TryRead(out result))
        {
            return false;
        }

        Keep(result);
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        this.consumed += buffer.Slice(0, consumed).Length;
        buffer = default;
        holdsBuffer = false;
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <summary>Gives back a buffer that was read and never advanced past, as an exception leaves it: nothing of it counts as consumed.</summary>
    public void Release()
    {
        if (holdsBuffer)
        {
            AdvanceTo(buffer.Start);
        }
    }

    private ReadResult Keep(ReadResult result)
    {
        holdsBuffer = true;
        buffer = result.Buffer;
        Volatile.Write(ref seen, Math.Max(seen, consumed + buffer.Length));
        return result;
    }
}
