using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Portcullis.EndToEnd.Harness;

/// <summary>A program on somebody's machine that signs in as RFC 8252 has it: PKCE, the browser, and a port of its own to which the browser comes back.</summary>
public sealed class NativeProgram : IDisposable
{
    private readonly string _url;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
    private readonly TaskCompletionSource<Dictionary<string, string>> _callback = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NativeProgram(string url, string scope)
    {
        _url = url;
        _listener.Start();
        Redirect = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/";
        Address = url + OAuthPerson.QueryString(new()
        {
            ["client_id"] = OAuthPerson.Client,
            ["response_type"] = "code",
            ["redirect_uri"] = Redirect,
            ["state"] = "the state",
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(_verifier))),
            ["code_challenge_method"] = "S256",
            ["scope"] = scope,
        });
        _ = ListenAsync();
    }

    /// <summary>Where it sends the browser.</summary>
    public string Address { get; }

    /// <summary>Where the browser comes back to.</summary>
    public string Redirect { get; }

    /// <summary>What the browser brought back.</summary>
    public Task<Dictionary<string, string>> CallbackAsync() => _callback.Task.WaitAsync(Eventually.Patience);

    /// <summary>Makes tokens of the code that the browser brought. Gives the token endpoint's answer.</summary>
    public async Task<JsonElement> TokensAsync()
    {
        var callback = await CallbackAsync();
        Assert.Equal("the state", callback["state"]);
        Assert.Equal(_url, callback["iss"]);
        return await OAuthPerson.PostAsync(_url, "/oauth/token", new()
        {
            ["grant_type"] = "authorization_code", ["client_id"] = OAuthPerson.Client, ["code"] = callback["code"], ["redirect_uri"] = Redirect, ["code_verifier"] = _verifier,
        });
    }

    public void Dispose() => _listener.Dispose();

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                // A browser opens connections in advance, too, on which it may never ask: each is answered for itself.
                _ = AnswerAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using var ours = client;
        try
        {
            using var reader = new StreamReader(client.GetStream());
            var line = await reader.ReadLineAsync() ?? "";
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
            }

            await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 32\r\nConnection: close\r\n\r\n<title>Done</title><p>Signed in."u8.ToArray());
            if (line.Split(' ') is [_, var target, _] && target.StartsWith("/?", StringComparison.Ordinal))
            {
                _callback.TrySetResult(target[2..].Split('&').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => WebUtility.UrlDecode(pair[1])));
            }
        }
        catch (IOException)
        {
            // The browser left.
        }
    }
}
