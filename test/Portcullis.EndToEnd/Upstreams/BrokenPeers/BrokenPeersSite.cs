using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.BrokenPeers;

/// <summary>
/// The real program in front of many servers, each of which breaks one rule: the repository of the one called <c>html</c> is <c>html/app</c>. What breaks
/// nothing there is the work of the real git-http-backend.
/// </summary>
public sealed class BrokenPeersSite : IAsyncLifetime
{
    public const string Secret = "upstream-credential-0123456789";

    private readonly Dictionary<string, RawPeer> _peers = [];
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _tokens = new();
    private readonly StringBuilder _settings = new("upstreams:\n");
    private readonly TemporaryFolder _folder = new();

    // Bound, so that nobody else comes to listen there, and does not answer.
    private readonly Socket _down = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly GitHttpBackend _backend;

    public BrokenPeersSite() => _backend = new GitHttpBackend(_folder.Make("repositories"), new Git(_folder["home"]));

    public PortcullisServer Server { get; private set; } = null!;

    /// <summary>Where redirects lead: nobody may ever come here.</summary>
    public RawPeer Elsewhere { get; } = RawPeer.Start(exchange => exchange.AnswerAsync("200 OK", "Content-Type: text/plain\r\n", []));

    public RawPeer this[string peer] => _peers[peer];

    public string UrlOf(string peer) => $"{Server.Url}/{peer}/app.git";

    public Git NewGit() => new(_folder[$"home-{Guid.NewGuid():N}"]);

    public string NewFolder() => _folder.Make($"work-{Guid.NewGuid():N}");

    /// <summary>A token with these permissions, or with all; asked for again, it is the same one.</summary>
    public Task<string> TokenAsync(string permission = "git:*:pull,push,force,delete") => _tokens.GetOrAdd(permission, wanted => new Lazy<Task<string>>(() => Server.TokenAsync("alice", TimeSpan.FromMinutes(55), wanted))).Value;

    public async ValueTask InitializeAsync()
    {
        await _backend.CreateAsync("app");
        var git = NewGit();
        var work = NewFolder();
        await git.OutputAsync(work, "init", "--quiet", ".");
        await File.WriteAllTextAsync(Path.Combine(work, "large.txt"), string.Concat(Enumerable.Range(0, 40_000).Select(n => $"{n * 7919 % 1_000_003} ")));
        await Site.CommitAsync(git, work, "README.md", "hello\n");
        await git.OutputAsync(work, "add", "large.txt");
        await git.OutputAsync(work, "commit", "--quiet", "--amend", "-m", "All");
        await git.OutputAsync(work, "push", "--quiet", _backend.FolderOf("app"), "main", "main:refs/heads/hidden");

        AddPeers();
        _down.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _settings.Append($"  - {{ match: \"down/*\", url: \"http://127.0.0.1:{((IPEndPoint)_down.LocalEndPoint!).Port}\" }}\n");
        var folder = _folder.Make("server");
        var secret = Path.Combine(folder, "secret");
        await File.WriteAllTextAsync(secret, Secret + "\n");
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Server = await PortcullisServer.StartAsync(folder, _settings.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        foreach (var peer in _peers.Values)
        {
            await peer.DisposeAsync();
        }

        await Elsewhere.DisposeAsync();
        _down.Dispose();
        _folder.Dispose();
    }

    private void AddPeers()
    {
        // Before an answer.
        Add("slow", exchange => exchange.HangAsync(), "connectTimeout: 300ms, answerTimeout: 300ms");
        Add("closes", _ => Task.CompletedTask);
        Add("closes-kept", async exchange =>
        {
            // The connection that it said it would keep ends with the next request on it.
            exchange.KeepsConnection = exchange.Number == 1;
            await (exchange.KeepsConnection ? RealAsync(exchange) : Task.CompletedTask);
        });
        Add("no-http", exchange => exchange.WriteAsync("SSH-2.0-OpenSSH_9.6\r\n"));
        Add("endless-head", EndlessHeadAsync);
        Add("endless-interim", EndlessInterimAsync);

        // Another answer than was asked for.
        Add("html", exchange => exchange.AnswerAsync("200 OK", "Content-Type: text/html\r\n", "<html>please sign in: upstream-words</html>"u8.ToArray()));
        Add("html-as-git", exchange => exchange.AnswerAsync("200 OK", Type(exchange), "<html>upstream-words</html>"u8.ToArray()));
        Add("compressed", exchange => exchange.AnswerAsync("200 OK", Type(exchange) + "Content-Encoding: gzip\r\n", [0x1f, 0x8b, 8, 0]));
        Add("rejects", exchange => exchange.AnswerAsync(
            "401 Unauthorized", "WWW-Authenticate: Basic realm=\"upstream-words\"\r\nSet-Cookie: upstream-cookie=1\r\nContent-Type: text/html\r\n", "upstream-words"u8.ToArray()));
        Add("forbids", exchange => exchange.AnswerAsync("403 Forbidden", "Set-Cookie: upstream-cookie=1\r\n", "upstream-words"u8.ToArray()));
        Add("busy", exchange => exchange.AnswerAsync("503 Service Unavailable", "Retry-After: 7\r\n", "upstream-words"u8.ToArray()));
        Add("error", exchange => exchange.AnswerAsync("500 Internal Server Error", "", "upstream-words at /srv/secret/path"u8.ToArray()));
        Add("gone", exchange => exchange.AnswerAsync("404 Not Found", "", "upstream-words"u8.ToArray()));

        // To another place.
        Add("elsewhere", exchange => exchange.AnswerAsync("302 Found", $"Location: {Elsewhere.Url}{exchange.Request.Target}\r\n", []));
        Add("elsewhere-for-result", exchange => exchange.Request.IsDiscovery ? RealAsync(exchange) : exchange.AnswerAsync("307 Temporary Redirect", $"Location: {Elsewhere.Url}{exchange.Request.Target}\r\n", []));
        Add("elsewhere-by-user", exchange => exchange.AnswerAsync("301 Moved Permanently", $"Location: http://127.0.0.1@{new Uri(Elsewhere.Url).Authority}{exchange.Request.Target}\r\n", []));
        Add("elsewhere-by-scheme", exchange => exchange.AnswerAsync("301 Moved Permanently", $"Location: //{new Uri(Elsewhere.Url).Authority}{exchange.Request.Target}\r\n", []));
        Add("elsewhere-by-file", exchange => exchange.AnswerAsync("301 Moved Permanently", "Location: file:///etc/passwd\r\n", []));
        Add("loop", exchange => exchange.AnswerAsync("302 Found", $"Location: {exchange.Request.Target}\r\n", []));

        // An answer that is not whole, or more than whole.
        Add("stalls", async exchange =>
        {
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\n{Type(exchange)}Content-Length: 5000\r\n\r\n001e# service=git-upload-pack\n0000");
            await exchange.HangAsync();
        }, "idleTimeout: 300ms");
        Add("cut-in-pack", exchange => SpoilFetchAsync(exchange, real => exchange.WriteAsync(
            (byte[])[.. Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\n{real.Headers}Content-Length: {real.Body.Length}\r\n\r\n"), .. real.Body[..(real.Body.Length / 2)]])));
        Add("promises-more", exchange => SpoilDiscoveryAsync(exchange, async real =>
        {
            await exchange.WriteAsync($"HTTP/1.1 200 OK\r\n{real.Headers}Content-Length: {real.Body.Length + 100}\r\n\r\n");
            await exchange.WriteAsync(real.Body);
        }));
        Add("sends-more", exchange => SpoilDiscoveryAsync(exchange, async real =>
        {
            // What follows the answer is another one, for a request that nobody made: the next on this connection would get it.
            exchange.KeepsConnection = true;
            await exchange.WriteAsync((byte[])
            [
                .. Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\n{real.Headers}Content-Length: {real.Body.Length}\r\n\r\n"), .. real.Body,
                .. Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\n{Type(exchange)}Content-Length: 4\r\n\r\n0000"),
            ]);
        }));
        Add("bad-chunks", exchange => exchange.WriteAsync($"HTTP/1.1 200 OK\r\n{Type(exchange)}Transfer-Encoding: chunked\r\n\r\n4\r\n0000\r\nzz\r\n"));
        Add("two-lengths", exchange => exchange.WriteAsync($"HTTP/1.1 200 OK\r\n{Type(exchange)}Content-Length: 4\r\nContent-Length: 8\r\n\r\n00000000"));
        Add("endless", EndlessAdvertisementAsync);

        // Not the protocol.
        Add("malformed", exchange => exchange.AnswerAsync("200 OK", Type(exchange), "001e# service=git-upload-pack\n0000zzzz"u8.ToArray()));
        Add("malformed-listing", exchange => exchange.Request.IsDiscovery ? RealAsync(exchange) : exchange.AnswerAsync("200 OK", Type(exchange), "0003"u8.ToArray()));
        Add("version-0", async exchange => await (await RealAnswer.OfAsync(_backend, exchange.Request, knowsVersion2: false)).SendAsync(exchange));
        Add("wrong-type", exchange => exchange.Request.IsDiscovery ? RealAsync(exchange) : exchange.AnswerAsync("200 OK", "Content-Type: text/plain\r\n", "0000"u8.ToArray()));
        Add("wrong-clock", exchange => exchange.AnswerAsync("404 Not Found", "Date: Wed, 01 Jan 2020 00:00:00 GMT\r\n", []));
        Add("talkative", exchange => RealAsync(
            exchange, "Set-Cookie: upstream-cookie=1\r\nWWW-Authenticate: Basic realm=\"upstream-words\"\r\nServer: upstream-words\r\nX-Upstream: upstream-words\r\nLocation: http://upstream-words/\r\nLink: <upstream-words>\r\n"));

        // In a push.
        Add("push-closes", exchange => SpoilPushAsync(exchange, () => Task.CompletedTask));
        Add("push-html", exchange => SpoilPushAsync(exchange, () => exchange.AnswerAsync("200 OK", "Content-Type: text/html\r\n", "upstream-words"u8.ToArray())));
        Add("push-error", exchange => SpoilPushAsync(exchange, () => exchange.AnswerAsync("500 Oops", "", "upstream-words"u8.ToArray())));
        Add("push-hangs", exchange => SpoilPushAsync(exchange, exchange.HangAsync), "connectTimeout: 5s, answerTimeout: 5s");
        Add("push-rejects", exchange => SpoilPushAsync(exchange, () => exchange.AnswerAsync("401 Unauthorized", "WWW-Authenticate: Basic realm=\"upstream-words\"\r\n", "upstream-words"u8.ToArray())));
        Add("push-no-report", exchange => SpoilPushAsync(exchange, () => exchange.AnswerAsync("200 OK", Type(exchange), "0000"u8.ToArray())));
        Add("push-malformed", exchange => SpoilPushAsync(exchange, () => exchange.AnswerAsync("200 OK", Type(exchange), Encoding.Latin1.GetBytes("0009\u0001zzzz0000"))));
        Add("push-other-refs", exchange => SpoilPushAsync(exchange, () => exchange.AnswerAsync(
            "200 OK", Type(exchange), Encoding.Latin1.GetBytes("0038\u0001000eunpack ok\n0021ok refs/heads/of-another-push\n00000000".Replace("0038", $"{5 + 14 + 33 + 4:x4}", StringComparison.Ordinal)))));
    }

    private void Add(string name, Func<RawExchange, Task> answer, string settings = "")
    {
        var peer = RawPeer.Start(answer);
        _peers.Add(name, peer);
        _settings.Append($"  - {{ match: \"{name}/*\", url: \"{peer.Url}\", credential: {{ kind: github, secretFile: secret }}{(settings.Length > 0 ? ", " + settings : "")} }}\n");
    }

    private async Task RealAsync(RawExchange exchange, string moreHeaders = "") => await (await RealAnswer.OfAsync(_backend, exchange.Request)).SendAsync(exchange, moreHeaders);

    private async Task SpoilDiscoveryAsync(RawExchange exchange, Func<RealAnswer, Task> spoil)
    {
        var real = await RealAnswer.OfAsync(_backend, exchange.Request);
        await (exchange.Request.IsDiscovery ? spoil(real) : real.SendAsync(exchange));
    }

    private async Task SpoilFetchAsync(RawExchange exchange, Func<RealAnswer, Task> spoil)
    {
        var real = await RealAnswer.OfAsync(_backend, exchange.Request);
        await (Encoding.Latin1.GetString(exchange.Request.Body).Contains("command=fetch", StringComparison.Ordinal) ? spoil(real) : real.SendAsync(exchange));
    }

    private Task SpoilPushAsync(RawExchange exchange, Func<Task> spoil) =>
        exchange.Request.Path.EndsWith("/git-receive-pack", StringComparison.Ordinal) ? spoil() : RealAsync(exchange);

    // The content type that a Git server would give to this request.
    private static string Type(RawExchange exchange) => exchange.Request.IsDiscovery
        ? $"Content-Type: application/x-{exchange.Request.Query["service=".Length..]}-advertisement\r\n"
        : $"Content-Type: application/x-{exchange.Request.Path[(exchange.Request.Path.LastIndexOf('/') + 1)..]}-result\r\n";

    private static async Task EndlessHeadAsync(RawExchange exchange)
    {
        await exchange.WriteAsync("HTTP/1.1 200 OK\r\n");
        while (!exchange.Ending.IsCancellationRequested)
        {
            await exchange.WriteAsync($"X-Filler: {new string('x', 8000)}\r\n");
        }
    }

    private static async Task EndlessInterimAsync(RawExchange exchange)
    {
        while (!exchange.Ending.IsCancellationRequested)
        {
            await exchange.WriteAsync("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n");
        }
    }

    private static async Task EndlessAdvertisementAsync(RawExchange exchange)
    {
        await exchange.WriteAsync($"HTTP/1.1 200 OK\r\n{Type(exchange)}Connection: close\r\n\r\n001e# service=git-upload-pack\n0000");
        var id = new string('a', 40);
        var number = 0L;
        while (!exchange.Ending.IsCancellationRequested)
        {
            var lines = new StringBuilder();
            for (var i = 0; i < 20_000; i++)
            {
                var capabilities = number == 0 ? "\0side-band-64k object-format=sha1" : "";
                var line = $"{id} refs/heads/{number++:d12}{capabilities}\n";
                lines.Append($"{line.Length + 4:x4}{line}");
            }

            await exchange.WriteAsync(lines.ToString());
        }
    }
}
