using System.Diagnostics;
using System.Text;

namespace Portcullis.EndToEnd.Harness;

/// <summary>The real program, serving from a folder of its own on a port that was free.</summary>
public sealed class PortcullisServer : IAsyncDisposable
{
    // Dozens of test classes begin at once, each with a server of its own: starting is work for the processors, and all of them together would be late.
    private static readonly SemaphoreSlim s_starting = new(Environment.ProcessorCount);
    private readonly StringBuilder _log = new();
    private readonly IReadOnlyDictionary<string, string> _environment;
    private Process? _process;

    private PortcullisServer(string folder, int port, string scheme, string host, IReadOnlyDictionary<string, string> environment)
    {
        Folder = folder;
        Url = $"{scheme}://{host}:{port}";
        _environment = environment;
    }

    /// <summary>The folder that holds portcullis.yaml and data/.</summary>
    public string Folder { get; }

    public string Url { get; }

    public Uri Uri => new(Url);

    public string ConfigurationFile => Path.Combine(Folder, "portcullis.yaml");

    public string DataFolder => Path.Combine(Folder, "data");

    public AuditTrail Audit => new(Path.Combine(DataFolder, "audit"));

    /// <summary>What the program wrote on both streams.</summary>
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

    public int ProcessId => _process!.Id;

    public bool HasExited => _process is null or { HasExited: true };

    /// <summary>Writes the configuration and starts the program.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <param name="settings">YAML to go below <c>server</c>'s two keys.</param>
    /// <param name="scheme">http or https; the latter needs a certificate in <paramref name="serverSettings"/>.</param>
    /// <param name="serverSettings">More keys of <c>server</c>, each on its own line, not indented.</param>
    /// <param name="host">What the public address calls it: <c>localhost</c> where a browser must take it for safe, as for passkeys.</param>
    /// <param name="environment">More variables for the program.</param>
    public static async Task<PortcullisServer> StartAsync(
        string folder, string settings = "", string scheme = "http", string serverSettings = "", string host = "127.0.0.1", params (string Name, string Value)[] environment)
    {
        var server = new PortcullisServer(folder, FreePorts.Take(), scheme, host, environment.ToDictionary(e => e.Name, e => e.Value));
        var more = string.Concat(serverSettings.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"  {line}\n"));
        await File.WriteAllTextAsync(server.ConfigurationFile, $"server:\n  listen: [\"{scheme}://127.0.0.1:{server.Uri.Port}\"]\n  publicUrl: \"{server.Url}\"\n{more}data: ./data\n{settings}\n");
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts the program, again if it ran before, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        await s_starting.WaitAsync();
        try
        {
            await StartInTurnAsync();
        }
        finally
        {
            s_starting.Release();
        }
    }

    private async Task StartInTurnAsync()
    {
        var environment = new Dictionary<string, string>(_environment) { ["HOME"] = Folder, ["LC_ALL"] = "C.UTF-8" };
        var process = Shell.Start(Source.Program, ["serve", "--config", ConfigurationFile], Folder, environment);
        _process = process;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = PumpAsync(process.StandardOutput, ready);
        _ = PumpAsync(process.StandardError, ready);
        _ = process.WaitForExitAsync(CancellationToken.None)
            .ContinueWith(_ => ready.TrySetException(new InvalidOperationException($"the server ended with {process.ExitCode}:\n{Log}")), TaskScheduler.Default);
        await ready.Task.WaitAsync(Eventually.Patience);
    }

    /// <summary>Ends the program as an operator does, and waits for it.</summary>
    public async Task StopAsync()
    {
        if (!HasExited)
        {
            (await Shell.RunAsync("kill", ["-TERM", $"{ProcessId}"], Folder, _environment)).ShouldSucceed();
            await _process!.WaitForExitAsync().WaitAsync(Eventually.Patience);
        }
    }

    /// <summary>Ends the program as a power failure does: no handler runs.</summary>
    /// <param name="withItsChildren">Whether its children end in the same moment.</param>
    public async Task KillAsync(bool withItsChildren = true)
    {
        _process!.Kill(entireProcessTree: withItsChildren);
        await _process.WaitForExitAsync().WaitAsync(Eventually.Patience);
    }

    /// <summary>Waits until the program's log shows this: what it writes is on its way through a pipe when the request that it is about has long been answered.</summary>
    public Task WaitForLogAsync(string text) => Eventually.UntilAsync(() => Log.Contains(text, StringComparison.Ordinal), () => $"the log does not tell of '{text}':\n{Log}");

    /// <summary>Runs another command of the program on the same configuration.</summary>
    public Task<CommandResult> CommandAsync(params string[] arguments) => CommandWithInputAsync(null, arguments);

    public Task<CommandResult> CommandWithInputAsync(string? input, params string[] arguments)
        => Shell.RunAsync(Source.Program, [.. arguments, "--config", ConfigurationFile], Folder,
            new Dictionary<string, string>(_environment) { ["HOME"] = Folder, ["LC_ALL"] = "C.UTF-8" }, input);

    /// <summary>A token from the real command.</summary>
    public Task<string> TokenAsync(string subject, params string[] permissions) => TokenAsync(subject, TimeSpan.FromMinutes(15), permissions);

    public async Task<string> TokenAsync(string subject, TimeSpan lifetime, params string[] permissions)
    {
        List<string> arguments = ["token", "issue", "--subject", subject, "--lifetime", $"{(int)lifetime.TotalSeconds}s"];
        foreach (var permission in permissions)
        {
            arguments.AddRange(["--permission", permission]);
        }

        return (await CommandAsync([.. arguments])).ShouldSucceed().Output.Trim();
    }

    public string RepositoryFolder(string repository) => Path.Combine(DataFolder, "repositories", repository + ".git");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                await KillAsync();
            }

            _process.Dispose();
        }
    }

    private async Task PumpAsync(StreamReader reader, TaskCompletionSource ready)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_log)
            {
                _log.AppendLine(line);
            }

            if (line.Contains("listening on", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        }
    }
}
