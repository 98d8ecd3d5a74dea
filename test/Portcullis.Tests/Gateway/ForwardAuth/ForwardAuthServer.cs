using System.Net;
using System.Net.Sockets;
using System.Text;
using Portcullis.Audit;
using Portcullis.Gateway.ForwardAuth;
using Portcullis.Tests.Gateway.Live;

namespace Portcullis.Tests.Gateway.ForwardAuth;

/// <summary>A gateway that answers a proxy's questions, and the questions as bytes: what an HTTP library would mend goes out as it is.</summary>
internal sealed class ForwardAuthServer : IAsyncDisposable
{
    private readonly GatewayServer _gateway;

    private ForwardAuthServer(GatewayServer gateway, ForwardAuthProxy proxy) => (_gateway, Proxy) = (gateway, proxy);

    public ForwardAuthProxy Proxy { get; }

    public GatewayServer Gateway => _gateway;

    public static async Task<ForwardAuthServer> StartAsync(
        ForwardAuthProxy proxy, string trusted = "127.0.0.0/8", params (string Methods, string Host, string Path, string Requires)[] rules)
    {
        if (rules.Length == 0)
        {
            rules =
            [
                ("", "app.example.com", "/admin/*", "app:admin"),
                ("GET,HEAD", "app.example.com", "/*", "app:read"),
                ("", "app.example.com", "/*", "app:write"),
                ("", "builds.example.com", "/acme/app/*", "git:acme/app:pull"),
            ];
        }

        var options = new ForwardAuthOptions
        {
            Proxy = proxy,
            TrustedProxies = [IPNetwork.Parse(trusted)],
            Rules =
            [
                .. rules.Select(rule =>
                    ForwardAuthRule.TryCreate(rule.Host, rule.Path, rule.Methods.Split(',', StringSplitOptions.RemoveEmptyEntries), rule.Requires.Split(' '), out var made, out var problem)
                        ? made : throw new InvalidOperationException(problem)),
            ],
        };
        return new ForwardAuthServer(await GatewayServer.StartAsync(add: services => services.AddPortcullisForwardAuth(options)), proxy);
    }

    /// <summary>Asks as the proxy would for a client's request.</summary>
    public Task<Answer> AskAsync(string method, string host, string target, string? authorization, params string[] more)
    {
        List<string> lines = [.. more];
        if (authorization is not null)
        {
            lines.Add("Authorization: " + authorization);
        }

        return Proxy switch
        {
            ForwardAuthProxy.Nginx => SendAsync("GET /auth/check HTTP/1.0", [$"X-Original-Method: {method}", $"X-Original-URI: {target}", $"X-Original-Host: {host}", .. lines]),
            ForwardAuthProxy.Envoy => SendAsync($"{method} /auth/check{target} HTTP/1.1", [$"Host: {host}", "Content-Length: 0", .. lines]),
            _ => SendAsync("GET /auth/check HTTP/1.1", [$"X-Forwarded-Method: {method}", $"X-Forwarded-Uri: {target}", $"X-Forwarded-Host: {host}", "X-Forwarded-Proto: https", "X-Forwarded-For: 198.51.100.7", .. lines]),
        };
    }

    /// <summary>Sends a request line and header lines as they are.</summary>
    public async Task<Answer> SendAsync(string requestLine, params string[] lines)
    {
        using var client = new TcpClient();
        CancellationToken stop = TestContext.Current.CancellationToken;
        await client.ConnectAsync(_gateway.Address.Host, _gateway.Address.Port, stop);
        await using NetworkStream stream = client.GetStream();
        var head = new StringBuilder(requestLine).Append("\r\n");
        if (!lines.Any(line => line.StartsWith("Host:", StringComparison.OrdinalIgnoreCase)))
        {
            head.Append($"Host: {_gateway.Address.Authority}\r\n");
        }

        foreach (var line in lines)
        {
            head.Append(line).Append("\r\n");
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes(head.Append("Connection: close\r\n\r\n").ToString()), stop);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(stop);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return new Answer(int.Parse(text.AsSpan(9, 3)), text[..end].Split("\r\n")[1..], text[(end + 4)..]);
    }

    public async Task<IReadOnlyList<AuditEntry>> AuditAsync() => [.. (await _gateway.AuditAsync()).Where(entry => entry.Record?.Event == AuditEvents.ForwardAuth)];

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    internal sealed record Answer(int Status, string[] Head, string Body)
    {
        public string? Header(string name) => Headers(name).SingleOrDefault();

        public IEnumerable<string> Headers(string name) => Head.Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim());
    }
}
