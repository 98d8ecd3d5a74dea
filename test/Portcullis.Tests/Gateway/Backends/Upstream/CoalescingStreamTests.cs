using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Gateway.Backends.Upstream.Connections;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

public sealed class CoalescingStreamTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private Socket _peer = null!;
    private Socket _socket = null!;
    private CoalescingStream _stream = null!;

    public async ValueTask InitializeAsync()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        await ConnectAsync();
    }

    private async Task ConnectAsync()
    {
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await _socket.ConnectAsync(_listener.LocalEndPoint!);
        _peer = await _listener.AcceptAsync();
        _peer.NoDelay = true;
        _stream = new CoalescingStream(_socket, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _peer.Dispose();
        _listener.Dispose();
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_short_answer_is_read_as_it_comes()
    {
        foreach (var text in (byte[][])[[1, 2, 3], [4], [5, 6]])
        {
            var reading = _stream.ReadAsync(new byte[100], Cancelled);
            await _peer.SendAsync(text, Cancelled);

            Assert.Equal(text.Length, await reading);
        }
    }

    [Theory]
    [InlineData(8 * 1024)]
    [InlineData(64 * 1024)]
    public async Task In_a_long_answer_a_small_piece_waits_for_more(int bufferSize)
    {
        await EventuallyWaitsAsync(bufferSize, CoalescingStream.LongBytes, 1000, async reading =>
        {
            await _peer.SendAsync(new byte[CoalescingStream.EnoughBytes], Cancelled);
            return await reading == bufferSize;
        });
    }

    [Theory]
    [InlineData(8 * 1024)]
    [InlineData(64 * 1024)]
    public async Task In_a_long_answer_a_small_piece_waits_for_a_moment_alone(int bufferSize)
    {
        await EventuallyWaitsAsync(bufferSize, CoalescingStream.LongBytes, 1000, async reading =>
        {
            _time.Advance(CoalescingStream.Moment);
            return await reading == 1000;
        });
    }

    [Theory]
    [InlineData(8 * 1024)]
    [InlineData(64 * 1024)]
    public async Task In_a_very_long_answer_what_was_enough_waits_for_plenty(int bufferSize)
    {
        await EventuallyWaitsAsync(bufferSize, CoalescingStream.VeryLongBytes, CoalescingStream.EnoughBytes, async reading =>
        {
            await _peer.SendAsync(new byte[CoalescingStream.PlentyBytes - CoalescingStream.EnoughBytes], Cancelled);
            return await reading == bufferSize;
        });
    }

    [Theory]
    [InlineData(8 * 1024)]
    [InlineData(64 * 1024)]
    public async Task In_a_very_long_answer_a_small_piece_waits_for_a_longer_moment_alone(int bufferSize)
    {
        await EventuallyWaitsAsync(bufferSize, CoalescingStream.VeryLongBytes, 1000, async reading =>
        {
            _time.Advance(CoalescingStream.Moment);
            if (reading.IsCompleted)
            {
                return false;
            }

            _time.Advance(CoalescingStream.LongMoment - CoalescingStream.Moment);
            return await reading == 1000;
        });
    }

    [Fact]
    public async Task Many_short_answers_are_no_long_one()
    {
        await MakeLongAsync(8 * 1024);
        await _stream.WriteAsync(new byte[1], Cancelled);
        var reading = _stream.ReadAsync(new byte[100], Cancelled);

        await _peer.SendAsync(new byte[10], Cancelled);

        Assert.Equal(10, await reading);
    }

    [Fact]
    public async Task The_end_of_a_long_answer_does_not_wait()
    {
        await MakeLongAsync(8 * 1024);
        var reading = _stream.ReadAsync(new byte[8 * 1024], Cancelled).AsTask();

        await _peer.SendAsync(new byte[10], Cancelled);
        _peer.Shutdown(SocketShutdown.Send);

        Assert.Equal(10, await reading);
        Assert.Equal(0, await _stream.ReadAsync(new byte[8 * 1024], Cancelled));
    }

    [Fact]
    public async Task After_a_pause_an_answer_is_short_again()
    {
        await MakeLongAsync(8 * 1024);
        var reading = _stream.ReadAsync(new byte[100], Cancelled).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        await _peer.SendAsync(new byte[10], Cancelled);
        Assert.Equal(10, await reading);

        reading = _stream.ReadAsync(new byte[100], Cancelled).AsTask();
        await _peer.SendAsync(new byte[20], Cancelled);

        Assert.Equal(20, await reading);
    }

    [Fact]
    public async Task A_connection_that_breaks_while_more_is_waited_for_is_told()
    {
        await MakeLongAsync(8 * 1024);
        var reading = _stream.ReadAsync(new byte[100], Cancelled).AsTask();

        _peer.LingerState = new LingerOption(true, 0);
        _peer.Close();

        await Assert.ThrowsAsync<IOException>(() => reading);
    }

    [Fact]
    public async Task A_moment_that_ends_after_the_connection_does_no_harm()
    {
        await MakeLongAsync(8 * 1024);
        var reading = _stream.ReadAsync(new byte[100], Cancelled).AsTask();

        _socket.Dispose();
        _time.Advance(CoalescingStream.Moment);

        await Assert.ThrowsAsync<IOException>(() => reading);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Bytes_arrive_whole_and_in_their_order_whatever_the_pieces(int seed)
    {
        var random = new Random(seed);
        var sent = new byte[CoalescingStream.VeryLongBytes + (3 * 1024 * 1024)];
        random.NextBytes(sent);
        await using var stream = new CoalescingStream(await ConnectedAsync(), TimeProvider.System);
        using var peer = await _listener.AcceptAsync(Cancelled);
        var sending = Task.Run(
            async () =>
            {
                var pieces = new Random(seed);
                for (var position = 0; position < sent.Length;)
                {
                    position += await peer.SendAsync(sent.AsMemory(position, Math.Min(sent.Length - position, pieces.Next(1, 50_000))), Cancelled);
                }

                // It stays open: the last piece is small, and nothing but the moment ends the wait for more.
            },
            Cancelled);

        var received = new byte[sent.Length];
        for (var position = 0; position < received.Length;)
        {
            position += await stream.ReadAsync(received.AsMemory(position, Math.Min(received.Length - position, random.Next(1, 100_000))), Cancelled);
        }

        await sending;
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    private async Task<Socket> ConnectedAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_listener.LocalEndPoint!, Cancelled);
        return socket;
    }

    // The reader can be told late of what came before, and finds the small piece then: it wakes up too early, as it may, but not each time.
    private async Task EventuallyWaitsAsync(int bufferSize, int come, int piece, Func<Task<int>, Task<bool>> then)
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            await MakeLongAsync(bufferSize, come);
            var reading = _stream.ReadAsync(new byte[bufferSize], Cancelled).AsTask();
            await _peer.SendAsync(new byte[piece], Cancelled);
            await UntilAsync(() => reading.IsCompleted || _socket.Available == piece);
            if (!reading.IsCompleted && await then(reading))
            {
                return;
            }

            await _stream.DisposeAsync();
            _peer.Dispose();
            await ConnectAsync();
        }

        Assert.Fail("A small piece never waits.");
    }

    private async Task MakeLongAsync(int bufferSize, int come = CoalescingStream.LongBytes)
    {
        var buffer = new byte[bufferSize];
        for (var sent = 0; sent < come; sent += bufferSize)
        {
            // What lies there already is read at once, however much would wake a reader up.
            await _peer.SendAsync(buffer, Cancelled);
            await UntilAsync(() => _socket.Available == bufferSize);
            await _stream.ReadExactlyAsync(buffer, Cancelled);
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            Cancelled.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
