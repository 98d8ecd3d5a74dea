namespace Portcullis.Audit.Reading;

/// <summary>
/// Reads a file line by line in memory that does not grow with the file. A line is what ends with a line feed; what follows the
/// last one is not a line yet (<see cref="HasRest"/>), and one that is longer than any the log writes is passed over.
/// </summary>
internal sealed class LineReader(Stream stream, int maxLineBytes) : IAsyncDisposable
{
    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;
    private bool _isSkipping;

    /// <summary>The number of the line that was read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The line that was read last, without its line feed; valid until the next one is read.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <summary>Whether the line that was read last was too long to be kept.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Whether bytes follow the last line feed.</summary>
    public bool HasRest => _end > _start || _isSkipping;

    /// <summary>Reads the next line; false at the end, where it can be called again after the file has grown.</summary>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        var searched = _start;
        while (true)
        {
            var found = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (found >= 0)
            {
                Line = _buffer.AsMemory(_start, searched + found - _start);
                IsTooLong = _isSkipping || Line.Length > maxLineBytes;
                _isSkipping = false;
                _start = searched + found + 1;
                Number++;
                return true;
            }

            MakeRoom();
            searched = _end;
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private void MakeRoom()
    {
        if (_end - _start > maxLineBytes)
        {
            _isSkipping = true;
            _start = _end = 0;
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }
}
