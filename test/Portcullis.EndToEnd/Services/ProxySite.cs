using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Services;

/// <summary>A service behind a real proxy that asks a real Portcullis, set up by the guide's own file with nothing changed but addresses.</summary>
public abstract class ProxySite(string proxy) : IAsyncLifetime
{
    public const string Host = "app.example.com";

    private readonly TemporaryFolder _folder = new();
    private readonly SemaphoreSlim _turn = new(1);
    private RunningProgram? _proxy;

    private EchoService? _service;

    public string Proxy { get; } = proxy;

    public PortcullisServer Server { get; private set; } = null!;

    /// <summary>How many requests the service behind the proxy has seen.</summary>
    public int ServiceRequests => _service!.Requests;

    public Uri Address { get; private set; } = null!;

    public string Log => _proxy?.Log ?? "";

    public async ValueTask InitializeAsync()
    {
        _service = new EchoService();
        Server = await PortcullisServer.StartAsync(_folder.Make("portcullis"), $$"""
            forwardAuth:
              proxy: {{Proxy}}
              trustedProxies: [ "127.0.0.1" ]
              rules:
                - { host: "{{Host}}", path: "/admin/*", requires: [ "app:admin" ] }
                - { host: "{{Host}}", path: "/*", methods: [ GET, HEAD ], requires: [ "app:read" ] }
                - { host: "{{Host}}", path: "/*", requires: [ "app:write" ] }
            """);
        await StartProxyAsync();
    }

    /// <summary>Runs a test when no other runs here: they count what the service sees, and one of them takes Portcullis away.</summary>
    public async Task InTurnAsync(Func<Task> test)
    {
        await _turn.WaitAsync();
        try
        {
            await test();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends a request to the proxy as bytes.</summary>
    public async Task<RawResponse> SendAsync(string method, string target, string? token, byte[]? body = null, params string[] headers)
    {
        List<string> lines = [$"Host: {Host}", .. headers];
        if (token is not null)
        {
            lines.Add("Authorization: Bearer " + token);
        }

        return await RawHttp.SendAsync(Address, $"{method} {target} HTTP/1.1", lines, body) ?? throw new InvalidOperationException($"no answer:\n{Log}\n{Server.Log}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        if (_service is not null)
        {
            await _service.DisposeAsync();
        }

        _folder.Dispose();
        _turn.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task StartProxyAsync()
    {
        var port = FreePorts.Take();
        var folder = _folder.Make("proxy");
        Address = new Uri($"http://127.0.0.1:{port}");
        string Recipe(string name) => File.ReadAllText(Path.Combine(Source.Root, "docs", "guides", "forward-auth", name))
            .Replace("127.0.0.1:7080", Server.Uri.Authority, StringComparison.Ordinal)
            .Replace("127.0.0.1:9000", $"127.0.0.1:{_service!.Port}", StringComparison.Ordinal)
            .Replace(":8080", $":{port}", StringComparison.Ordinal);
        switch (Proxy)
        {
            case "nginx":
                await File.WriteAllTextAsync(Path.Combine(folder, "app.conf"), Recipe("nginx.conf"));
                await File.WriteAllTextAsync(Path.Combine(folder, "nginx.conf"), """
                    daemon off; master_process off; pid nginx.pid; error_log stderr warn;
                    events { }
                    http {
                        access_log off;
                        client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                        include app.conf;
                    }
                    """);
                _proxy = await RunningProgram.StartAsync("nginx", ["-p", folder, "-e", "stderr", "-c", Path.Combine(folder, "nginx.conf")], folder, port);
                break;
            case "caddy":
                await File.WriteAllTextAsync(Path.Combine(folder, "Caddyfile"), "{\n\tadmin off\n}\n" + Recipe("Caddyfile"));
                _proxy = await RunningProgram.StartAsync("caddy", ["run", "--config", Path.Combine(folder, "Caddyfile"), "--adapter", "caddyfile"], folder, port);
                break;
            default:
                await File.WriteAllTextAsync(Path.Combine(folder, "portcullis.lua"), Recipe("portcullis.lua"));
                await File.WriteAllTextAsync(Path.Combine(folder, "haproxy.cfg"), Recipe("haproxy.cfg"));
                _proxy = await RunningProgram.StartAsync("haproxy", ["-db", "-f", Path.Combine(folder, "haproxy.cfg")], folder, port);
                break;
        }
    }
}

/// <summary>Behind nginx.</summary>
public sealed class NginxSite() : ProxySite("nginx");

/// <summary>Behind Caddy.</summary>
public sealed class CaddySite() : ProxySite("caddy");

/// <summary>Behind HAProxy.</summary>
public sealed class HaproxySite() : ProxySite("haproxy");
