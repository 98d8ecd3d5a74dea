using System.Buffers;
using System.IO.Pipelines;

namespace Portcullis.Git.PktLines;

/// <summary>
/// Reads pkt-lines from a pipe, a line at a time, and can hand the pipe on at the first byte behind the last line read: the pack of a push. Holds no more than
/// the pipe does; not thread-safe.
/// </summary>
/// <param name="reader">The body. Not completed by this class.</param>
/// <param name="maxBytes">The longest run of lines accepted, in bytes on the wire.</param>
public sealed class PktLineStream(PipeReader reader, long maxBytes = long.MaxValue)
{
    private ReadOnlySequence<byte> _buffer;
    private bool _holdsBuffer;
    private bool _isCompleted;

    /// <summary>How many bytes the lines read so far take on the wire.</summary>
    public long BytesRead { get; private set; }

    /// <summary>
    /// Reads the next line. Its payload is valid until the next call of this method or of <see cref="Release"/>.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting for the peer.</param>
    /// <returns>The line, or null when the body ended where a line could start.</returns>
    /// <exception cref="PktLineException">The body is not pkt-lines, ends inside one, or is longer than allowed.</exception>
    public ValueTask<PktLine?> ReadAsync(CancellationToken cancellationToken = default) =>
        _holdsBuffer && TryTake(out var line) ? new(line) : ReadSlowlyAsync(cancellationToken);

    /// <summary>Leaves the pipe exactly behind the last line read; what follows can be read from it by others. Payloads are no longer valid.</summary>
    public void Release()
    {
        if (_holdsBuffer)
        {
            // Examined no further than consumed: the next read of the pipe returns at once with what is there.
            reader.AdvanceTo(_buffer.Start);
            _buffer = default;
            _holdsBuffer = false;
        }
    }

    private async ValueTask<PktLine?> ReadSlowlyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_holdsBuffer)
            {
                if (_isCompleted)
                {
                    return _buffer.IsEmpty ? null : throw PktLineException.CutShort();
                }

                reader.AdvanceTo(_buffer.Start, _buffer.End);
                _holdsBuffer = false;
            }

            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            _buffer = result.Buffer;
            _isCompleted = result.IsCompleted;
            _holdsBuffer = true;
            if (result.IsCanceled)
            {
                Release();
                throw new OperationCanceledException("The read was cancelled.");
            }

            if (TryTake(out var line))
            {
                return line;
            }
        }
    }

    private bool TryTake(out PktLine line)
    {
        if (!PktLineReader.TryRead(ref _buffer, out line))
        {
            return false;
        }

        BytesRead += line.WireLength;
        return BytesRead <= maxBytes ? true : throw PktLineException.TooLong();
    }
}
