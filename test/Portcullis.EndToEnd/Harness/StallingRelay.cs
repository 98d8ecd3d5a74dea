using System.Net;
using System.Net.Sockets;

namespace Portcullis.EndToEnd.Harness;

/// <summary>
/// Stands between a client and the server, and stops passing on what the server sends after so many bytes: the client's transfer runs, and stays so, until the server ends it.
/// </summary>
public sealed class StallingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<long> _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _target;
    private readonly long _stallAfter;

    /// <param name="server">The server.</param>
    /// <param name="stallAfter">How many bytes of one connection's answers are passed on.</param>
    public StallingRelay(Uri server, long stallAfter)
    {
        (_target, _stallAfter) = (server.Port, stallAfter);
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Completes when a transfer runs and is held.</summary>
    public Task Stalled => _stalled.Task;

    /// <summary>Completes when the server has ended the held transfer, with the timestamp of that.</summary>
    public Task<long> Cut => _cut.Task;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = PassAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using var ours = client;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            _ = client.GetStream().CopyToAsync(server.GetStream(), _stop.Token);
            var buffer = new byte[64 << 10];
            long passed = 0;
            var stream = server.GetStream();
            while (true)
            {
                int length = await stream.ReadAsync(buffer, _stop.Token);
                if (length == 0)
                {
                    return;
                }

                passed += length;
                await client.GetStream().WriteAsync(buffer.AsMemory(0, length), _stop.Token);
                if (passed >= _stallAfter)
                {
                    _stalled.TrySetResult();
                    await WaitForCutAsync(server.Client);
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // One side left.
        }
    }

    // Nothing is read, so the server stays in the middle of its answer; an error or an end shows without reading.
    private async Task WaitForCutAsync(Socket server)
    {
        while (!_stop.IsCancellationRequested)
        {
            if (server.Poll(0, SelectMode.SelectError) || IsReset(server))
            {
                _cut.TrySetResult(System.Diagnostics.Stopwatch.GetTimestamp());
                return;
            }

            await Task.Delay(2, _stop.Token);
        }
    }

    private static bool IsReset(Socket server)
    {
        // What a peer that aborted leaves: an error pending on the socket. Looking at it takes nothing from the stream.
        return (int)server.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! != 0;
    }
}
