using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Portcullis.CredentialHelper.Authority;

namespace Portcullis.CredentialHelper.SignIn;

/// <summary>Signs a person in by their browser: authorization code with PKCE (RFC 7636), and an answer to a loopback address (RFC 8252 §7.3).</summary>
internal static class LoopbackSignIn
{
    private const int MaxRequestBytes = 16 * 1024;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_slowest = TimeSpan.FromSeconds(10);

    /// <summary>Signs in.</summary>
    /// <param name="client">The authority.</param>
    /// <param name="scope">What the login is for; null: all that the policy gives.</param>
    /// <param name="openBrowser">Shows the person an address.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="AuthorityException">They did not agree, or not in time.</exception>
    public static async Task<IssuedTokens> RunAsync(AuthorityClient client, string? scope, Action<string> openBrowser, TimeProvider time)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var redirect = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";
        var (state, verifier) = (Secret(), Secret());
        var query = new List<(string Name, string? Value)>
        {
            ("response_type", "code"), ("client_id", AuthorityClient.ClientId), ("redirect_uri", redirect), ("state", state), ("scope", scope),
            ("code_challenge", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))), ("code_challenge_method", "S256"),
        };
        openBrowser($"{client.Metadata.AuthorizationEndpoint}?{string.Join('&', query.Where(pair => pair.Value is not null).Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"))}");

        using var patience = new CancellationTokenSource(s_patience, time);
        var answer = await AnswerAsync(listener, state, patience.Token);
        if (answer.GetValueOrDefault("iss") is { } issuer && issuer != client.Metadata.Issuer)
        {
            throw new AuthorityException(null, "The browser came back from another authority than it was sent to.");
        }

        return answer.GetValueOrDefault("code") is { Length: > 0 } code
            ? await client.TokenAsync(("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect), ("code_verifier", verifier))
            : throw new AuthorityException(answer.GetValueOrDefault("error"), AuthorityClient.Printable(answer.GetValueOrDefault("error_description") ?? answer.GetValueOrDefault("error") ?? "The browser brought no code."));
    }

    // Browsers open connections that they send nothing on: each is served beside the others.
    private static async Task<IReadOnlyDictionary<string, string>> AnswerAsync(TcpListener listener, string state, CancellationToken patience)
    {
        var found = new TaskCompletionSource<IReadOnlyDictionary<string, string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            while (!found.Task.IsCompleted)
            {
                var accepted = listener.AcceptTcpClientAsync(patience).AsTask();
                if (await Task.WhenAny(accepted, found.Task) == found.Task)
                {
                    break;
                }

                _ = ServeAsync(await accepted, state, found, patience);
            }
        }
        catch (OperationCanceledException)
        {
            throw new AuthorityException(null, "Nobody signed in within five minutes.");
        }

        return await found.Task;
    }

    private static async Task ServeAsync(TcpClient connection, string state, TaskCompletionSource<IReadOnlyDictionary<string, string>> found, CancellationToken patience)
    {
        using (connection)
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience);
                limit.CancelAfter(s_slowest);
                await using var stream = connection.GetStream();
                var answer = Parameters(await RequestLineAsync(stream, limit.Token));
                var isOurs = answer.TryGetValue("state", out var shown) && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(shown), Encoding.UTF8.GetBytes(state));
                var text = !isOurs ? "There is nothing here." : answer.ContainsKey("code") ? "You are signed in. Git goes on; you can close this window." : "Git was not let in. You can close this window.";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(
                    $"HTTP/1.1 {(isOurs ? "200 OK" : "404 Not Found")}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {text.Length}\r\nCache-Control: no-store\r\n"
                    + $"Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}"), limit.Token);
                if (isOurs)
                {
                    found.TrySetResult(answer);
                }
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
            {
                // A connection that brought nothing.
            }
        }
    }

    private static async Task<string> RequestLineAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxRequestBytes];
        for (var length = 0; length < buffer.Length;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            length += read;
            var end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0 || read == 0)
            {
                return Encoding.Latin1.GetString(buffer, 0, Math.Max(0, buffer.AsSpan(0, length).IndexOf("\r\n"u8)));
            }
        }

        return "";
    }

    /// <summary>The parameters of <c>GET /?code=…&amp;state=… HTTP/1.1</c>; none for any other line, and none where one comes twice.</summary>
    internal static IReadOnlyDictionary<string, string> Parameters(string requestLine)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        if (requestLine.Split(' ') is not ["GET", ['/', '?', .. var query], "HTTP/1.1" or "HTTP/1.0"])
        {
            return parameters;
        }

        foreach (var pair in query.Split('&'))
        {
            var parts = pair.Split('=', 2);
            if (!parameters.TryAdd(Decode(parts[0]), parts.Length == 2 ? Decode(parts[1]) : ""))
            {
                return new Dictionary<string, string>();
            }
        }

        return parameters;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}
