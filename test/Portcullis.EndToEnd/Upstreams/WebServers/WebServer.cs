using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.WebServers;

/// <summary>A web server with <c>git http-backend</c> behind it, which opens its repositories to one user name and password.</summary>
public abstract class WebServer : IAsyncDisposable
{
    private readonly List<Process> _processes = [];
    private readonly StringBuilder _log = new();

    protected WebServer(string folder)
    {
        Folder = folder;
        Repositories = Directory.CreateDirectory(Path.Combine(folder, "repositories")).FullName;
        Port = FreePorts.Take();
    }

    public string Folder { get; }

    public string Repositories { get; }

    public int Port { get; }

    public string UserName => "gateway";

    public string Password { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));

    /// <summary>Where the repositories are.</summary>
    public string Url => $"http://127.0.0.1:{Port}/git";

    /// <summary>Writes what the server reads, starts it and waits until it listens.</summary>
    public async Task StartAsync()
    {
        // {SHA} is the one form that both nginx and Apache read without another program.
        var hash = Convert.ToBase64String(SHA1.HashData(Encoding.UTF8.GetBytes(Password)));
        await File.WriteAllTextAsync(Path.Combine(Folder, "htpasswd"), $"{UserName}:{{SHA}}{hash}\n");
        await StartProgramsAsync();
        await Eventually.UntilAsync(ListensAsync, () => $"nobody listens at {Port}:\n{_log}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            process.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    protected abstract Task StartProgramsAsync();

    private async Task<bool> ListensAsync()
    {
        try
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            Assert.DoesNotContain(_processes, process => process.HasExited);
            return false;
        }
    }

    protected void Run(string program, params string[] arguments)
    {
        var process = Shell.Start(program, arguments, Folder, new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" });
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_log)
        {
            _log.AppendLine(line.Data);
        }
    }
}
