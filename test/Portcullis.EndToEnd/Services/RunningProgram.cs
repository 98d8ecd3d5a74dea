using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Services;

/// <summary>A server that is somebody else's, running until the test ends.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private RunningProgram(Process process)
    {
        _process = process;
        _ = PumpAsync(process.StandardOutput);
        _ = PumpAsync(process.StandardError);
    }

    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>The program's path: Debian keeps servers where only root looks.</summary>
    public static string Find(string name) =>
        Path.IsPathRooted(name) ? name : new[] { "/usr/sbin", "/usr/bin", "/usr/local/bin" }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException($"{name} is needed: ./test.sh installs it.");

    /// <summary>Starts a program and waits until something listens at the port.</summary>
    public static async Task<RunningProgram> StartAsync(string name, IReadOnlyList<string> arguments, string folder, int port)
    {
        var environment = new Dictionary<string, string> { ["DOTNET_ROOT"] = Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "", ["HOME"] = folder, ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin", ["LC_ALL"] = "C.UTF-8" };
        var program = new RunningProgram(Shell.Start(Find(name), arguments, folder, environment));
        using var patience = new CancellationTokenSource(Eventually.Patience);
        while (!await ListensAsync(port))
        {
            if (program._process.HasExited || patience.IsCancellationRequested)
            {
                await program.DisposeAsync();
                throw new InvalidOperationException($"{name} does not listen:\n{program.Log}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        return program;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync().WaitAsync(Eventually.Patience);
        _process.Dispose();
    }

    private static async Task<bool> ListensAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task PumpAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_log)
            {
                _log.AppendLine(line);
            }
        }
    }
}
