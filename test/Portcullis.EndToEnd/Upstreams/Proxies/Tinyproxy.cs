using System.Diagnostics;
using System.Net.Sockets;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.Proxies;

/// <summary>Debian's tinyproxy: a forward proxy as companies have one between a server and the world.</summary>
public sealed class Tinyproxy : IAsyncDisposable
{
    public const string Program = "/usr/bin/tinyproxy";

    private readonly string _folder;
    private readonly int _port = FreePorts.Take();
    private Process? _process;

    private Tinyproxy(string folder) => _folder = folder;

    public string Url => $"http://127.0.0.1:{_port}";

    private string LogFile => Path.Combine(_folder, "tinyproxy.log");

    /// <summary>Starts one, and waits until it listens.</summary>
    /// <param name="folder">Where its configuration and log are.</param>
    /// <param name="settings">More lines of its configuration.</param>
    public static async Task<Tinyproxy> StartAsync(string folder, params string[] settings)
    {
        var proxy = new Tinyproxy(folder);
        var configuration = Path.Combine(folder, "tinyproxy.conf");
        await File.WriteAllLinesAsync(
            configuration, [$"Port {proxy._port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 120", "MaxClients 50", $"LogFile \"{proxy.LogFile}\"", "LogLevel Info", .. settings]);
        proxy._process = Shell.Start(Program, ["-d", "-c", configuration], folder, new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" });
        _ = proxy._process.StandardOutput.ReadToEndAsync();
        _ = proxy._process.StandardError.ReadToEndAsync();
        for (var deadline = Environment.TickCount64 + (long)Eventually.Patience.TotalMilliseconds; ;)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", proxy._port);
                return proxy;
            }
            catch (SocketException) when (Environment.TickCount64 < deadline && !proxy._process.HasExited)
            {
                await Task.Delay(20);
            }
        }
    }

    /// <summary>The request lines that it wrote down, as they reached it.</summary>
    public async Task<IReadOnlyList<string>> RequestsAsync() =>
    [
        .. (await File.ReadAllLinesAsync(LogFile)).Where(line => line.Contains("Request (file descriptor", StringComparison.Ordinal)).Select(line => line[(line.IndexOf("): ", StringComparison.Ordinal) + 3)..]),
    ];

    /// <summary>All that it wrote.</summary>
    public Task<string> LogAsync() => File.ReadAllTextAsync(LogFile);

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            process.Dispose();
        }
    }
}
