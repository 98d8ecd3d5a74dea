using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Portcullis.EndToEnd.Harness;

/// <summary>What came back over a plain socket.</summary>
public sealed record RawResponse(int Status, string Head, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) => Headers(name).FirstOrDefault();

    public IEnumerable<string> Headers(string name)
        => Head.Split("\r\n").Skip(1).Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim());
}

/// <summary>Sends bytes exactly as given: what an HTTP library would mend or refuse goes out as it is.</summary>
public static class RawHttp
{
    /// <summary>Sends a request line, header lines and a body; adds Host and Connection: close, and Content-Length when there is a body without one.</summary>
    public static Task<RawResponse?> SendAsync(Uri server, string requestLine, IEnumerable<string> headers, byte[]? body = null)
    {
        var head = new StringBuilder(requestLine).Append("\r\n");
        var lines = headers.ToList();
        if (!lines.Any(line => line.StartsWith("Host:", StringComparison.OrdinalIgnoreCase)))
        {
            lines.Add($"Host: {server.Authority}");
        }

        lines.Add("Connection: close");
        if (body is not null && !lines.Any(line => line.StartsWith("Content-Length", StringComparison.OrdinalIgnoreCase) || line.StartsWith("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)))
        {
            lines.Add($"Content-Length: {body.Length}");
        }

        foreach (var line in lines)
        {
            head.Append(line).Append("\r\n");
        }

        byte[] request = [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body ?? []];
        return SendBytesAsync(server, request);
    }

    /// <summary>Sends bytes and reads until the server closes. <see langword="null"/>: it closed without an answer.</summary>
    public static async Task<RawResponse?> SendBytesAsync(Uri server, ReadOnlyMemory<byte> request)
    {
        using var patience = new CancellationTokenSource(Eventually.Patience);
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port, patience.Token);
        await using var stream = await OpenAsync(client, server, patience.Token);
        var reading = ReadAsync(stream, patience.Token);
        try
        {
            await stream.WriteAsync(request, patience.Token);
        }
        catch (IOException)
        {
            // The server may refuse before it has read everything; its answer is what counts.
        }

        return await reading;
    }

    /// <summary>Reads an answer to the connection's end.</summary>
    public static async Task<RawResponse?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var received = new MemoryStream();
        try
        {
            await stream.CopyToAsync(received, cancellationToken);
        }
        catch (IOException)
        {
            // A reset after the answer: keep what came.
        }

        return Parse(received.ToArray());
    }

    private static async Task<Stream> OpenAsync(TcpClient client, Uri server, CancellationToken cancellationToken)
    {
        if (server.Scheme != "https")
        {
            return client.GetStream();
        }

        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = server.Host,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        }, cancellationToken);
        return tls;
    }

    private static RawResponse? Parse(byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        while (text.StartsWith("HTTP/1.1 100", StringComparison.Ordinal))
        {
            var interim = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            bytes = bytes[interim..];
            text = text[interim..];
        }

        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0 || !text.StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            return null;
        }

        var head = text[..end];
        var body = bytes[(end + 4)..];
        return new RawResponse(
            int.Parse(head.AsSpan(9, 3)), head, head.Contains("\r\nTransfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase) ? Unchunk(body) : body);
    }

    private static byte[] Unchunk(byte[] body)
    {
        var result = new MemoryStream();
        var position = 0;
        while (position < body.Length)
        {
            var line = Array.IndexOf(body, (byte)'\n', position);
            if (line < 0)
            {
                break;
            }

            var length = Convert.ToInt32(Encoding.ASCII.GetString(body, position, line - position).Trim(), 16);
            if (length == 0)
            {
                break;
            }

            length = Math.Min(length, body.Length - line - 1);
            result.Write(body, line + 1, length);
            position = line + 1 + length + 2;
        }

        return result.ToArray();
    }
}
