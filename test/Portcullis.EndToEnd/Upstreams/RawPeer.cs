using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Portcullis.EndToEnd.Upstreams;

/// <summary>
/// A server that sends bytes exactly as a test writes them, so that it can break every rule. It keeps the head and the body of each request that reached it.
/// </summary>
public sealed class RawPeer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentQueue<RawRequest> _requests = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Func<RawExchange, Task> _answer;
    private readonly Task _accepting;
    private int _accepted;

    private RawPeer(Func<RawExchange, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _accepting = AcceptAsync();
    }

    public string Url { get; }

    /// <summary>The requests so far.</summary>
    public IReadOnlyList<RawRequest> Requests => [.. _requests];

    /// <summary>How many connections were made to it, whether or not anything was asked.</summary>
    public int Connections => Volatile.Read(ref _accepted);

    /// <summary>Starts one.</summary>
    /// <param name="answer">Called for each request; the connection is closed when it ends, unless the exchange keeps it.</param>
    public static RawPeer Start(Func<RawExchange, Task> answer) => new(answer);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _listener.Dispose();
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ending.Token);
                Interlocked.Increment(ref _accepted);
                _connections.Add(ServeAsync(client));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            try
            {
                var stream = client.GetStream();
                var exchange = new RawExchange(stream, _ending.Token);
                while (await RawRequest.ReadAsync(stream, _ending.Token) is { } request)
                {
                    _requests.Enqueue(request);
                    exchange.Request = request;
                    exchange.Number++;
                    exchange.KeepsConnection = false;
                    await _answer(exchange);
                    if (!exchange.KeepsConnection)
                    {
                        break;
                    }
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
            {
                // The other end left, or the test is over.
            }
        }
    }
}

/// <summary>One request at a <see cref="RawPeer"/>, and the way to answer it.</summary>
public sealed class RawExchange(NetworkStream stream, CancellationToken ending)
{
    public RawRequest Request { get; internal set; } = null!;

    /// <summary>Which request of its connection it is, from 1.</summary>
    public int Number { get; internal set; }

    /// <summary>Whether another request may come over the same connection.</summary>
    public bool KeepsConnection { get; set; }

    /// <summary>Cancelled when the test ends.</summary>
    public CancellationToken Ending => ending;

    public Task WriteAsync(string latin1) => WriteAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes, ending);
        await stream.FlushAsync(ending);
    }

    /// <summary>Writes a whole answer with the right length, which says whether another request may come over the same connection.</summary>
    public async Task AnswerAsync(string status, string headers, byte[] body)
    {
        await WriteAsync($"HTTP/1.1 {status}\r\n{headers}{(KeepsConnection ? "" : "Connection: close\r\n")}Content-Length: {body.Length}\r\n\r\n");
        await WriteAsync(body);
    }

    /// <summary>Does nothing more until the test ends or the other end leaves.</summary>
    public async Task HangAsync()
    {
        var buffer = new byte[1024];
        while (await stream.ReadAsync(buffer, ending) > 0)
        {
        }
    }
}

/// <summary>A request as it came over the wire.</summary>
public sealed record RawRequest(string Head, byte[] Body)
{
    public string Method => Head.Split(' ')[0];

    public string Target => Head.Split(' ')[1];

    public string Path => Target.Split('?')[0];

    public string Query => Target.Contains('?') ? Target[(Target.IndexOf('?') + 1)..] : "";

    public bool IsDiscovery => Path.EndsWith("/info/refs", StringComparison.Ordinal);

    public string? Header(string name) => Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public IEnumerable<(string Name, string Value)> Headers => Head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1)
        .Select(line => (line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..].Trim()));

    /// <summary>Reads one; null at the end of the connection.</summary>
    internal static async Task<RawRequest?> ReadAsync(NetworkStream stream, CancellationToken ending)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!(head.Length >= 4 && head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n'))
        {
            if (await stream.ReadAsync(one, ending) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        var request = new RawRequest(head.ToString(), []);
        if (request.Header("Expect") is not null)
        {
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), ending);
        }

        using var body = new MemoryStream();
        if (request.Header("Content-Length") is { } length)
        {
            await CopyAsync(stream, body, int.Parse(length), ending);
        }
        else if (request.Header("Transfer-Encoding") is not null)
        {
            for (var size = Convert.ToInt32(await LineAsync(stream, ending), 16); ; size = Convert.ToInt32(await LineAsync(stream, ending), 16))
            {
                await CopyAsync(stream, body, size, ending);
                await LineAsync(stream, ending);
                if (size == 0)
                {
                    break;
                }
            }
        }

        return request with { Body = body.ToArray() };
    }

    private static async Task CopyAsync(NetworkStream stream, MemoryStream body, int length, CancellationToken ending)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, ending);
        body.Write(bytes);
    }

    private static async Task<string> LineAsync(NetworkStream stream, CancellationToken ending)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (true)
        {
            // At the end of the connection this throws: a request that broke off is none.
            await stream.ReadExactlyAsync(one, ending);
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }
    }
}
