using System.Buffers;
using System.Net.Sockets;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>
/// A connection whose long answers are read in large pieces. Servers that run a CGI program send what it writes, by the few KiB, and to wake up for each of these costs more than all else
/// that is done with them. Where much comes, the system wakes us up for much alone (<c>SO_RCVLOWAT</c>, socket(7)), or after a moment: as network cards do with packets. The longer an answer
/// is, the more is much: each turn costs several threads' waking up, whatever it brings (docs/decisions/0007).
/// </summary>
internal sealed class CoalescingStream : NetworkStream
{
    /// <summary>How many bytes must have come without a pause, and without anything sent, until pieces are gathered.</summary>
    public const int LongBytes = 256 * 1024;

    /// <summary>How many bytes wake a reader up then.</summary>
    public const int EnoughBytes = 128 * 1024;

    /// <summary>From how many bytes on an answer is that of a large repository.</summary>
    public const int VeryLongBytes = 16 * 1024 * 1024;

    /// <summary>How many bytes wake a reader up then.</summary>
    public const int PlentyBytes = 384 * 1024;

    // Whoever reads this much at once needs no buffer here.
    private const int LargeRead = 64 * 1024;

    /// <summary>How long less than enough lies there at most.</summary>
    public static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);

    /// <summary>How long less than plenty lies there at most: little beside what so long an answer has taken already.</summary>
    public static readonly TimeSpan LongMoment = TimeSpan.FromMilliseconds(8);

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly Lock mark = new();
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private long _lastRead;
    private long _comeWithoutPause;
    private int _mark = 1;

    /// <summary>Takes over a connected socket.</summary>
    public CoalescingStream(Socket socket, TimeProvider time)
        : base(socket, ownsSocket: true)
    {
        this.time = time;
        _lastRead = time.GetTimestamp();
        timer = time.CreateTimer(static stream => ((CoalescingStream)stream!).WakeAt(1), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _end > _start ? new ValueTask<int>(Take(buffer.Span))
        : _comeWithoutPause < LongBytes ? ReadSomeAsync(buffer, cancellationToken)
        : buffer.IsEmpty || buffer.Length >= LargeRead ? ReadManyAsync(buffer, cancellationToken)
        : ReadAheadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    /// <remarks>What was asked is answered anew: many short answers don't make a long one.</remarks>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _comeWithoutPause = 0;
        return base.WriteAsync(buffer, cancellationToken);
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        WakeAt(1);
        return _end > _start ? Take(buffer) : base.Read(buffer);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Its buffer is not given back: a read can still be running into it.
            timer.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool IsVeryLong => _comeWithoutPause >= VeryLongBytes;

    private async ValueTask<int> ReadSomeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        WakeAt(1);
        return Counted(await base.ReadAsync(buffer, cancellationToken));
    }

    private async ValueTask<int> ReadAheadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_buffer.Length == 0)
        {
            // More than what wakes us up: what came until we were awake belongs to the same turn.
            _buffer = ArrayPool<byte>.Shared.Rent(EnoughBytes + (IsVeryLong ? PlentyBytes : EnoughBytes));
        }

        _end = await ReadManyAsync(_buffer, cancellationToken);
        _start = 0;
        return Take(buffer.Span);
    }

    private async ValueTask<int> ReadManyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var (enough, moment) = IsVeryLong ? (PlentyBytes, LongMoment) : (EnoughBytes, Moment);
        WakeAt(enough);
        var reading = base.ReadAsync(buffer, cancellationToken);
        if (reading.IsCompleted)
        {
            return Counted(await reading);
        }

        // Always after the mark was set: whoever waits is woken up, whatever comes.
        timer.Change(moment, Timeout.InfiniteTimeSpan);
        var read = await reading;
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return Counted(read);
    }

    // On the timer's thread, too, and late: what is remembered and what the system was told are always the same. A timer that comes too late makes a reader wake up too early, and no more.
    private void WakeAt(int bytes)
    {
        lock (mark)
        {
            if (_mark == bytes)
            {
                return;
            }

            _mark = bytes;
            try
            {
                Socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReceiveLowWater, bytes);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Closed in this moment, as the read itself will tell; or a system without the mark, where each piece wakes us up.
            }
        }
    }

    private int Take(Span<byte> buffer)
    {
        var taken = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, taken).CopyTo(buffer);
        _start += taken;
        if (_start == _end && _buffer.Length > 0)
        {
            // A connection that lies idle holds none.
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        return taken;
    }

    private int Counted(int read)
    {
        var now = time.GetTimestamp();
        _comeWithoutPause = time.GetElapsedTime(_lastRead, now) > s_pause ? read : _comeWithoutPause + read;
        _lastRead = now;
        return read;
    }
}
