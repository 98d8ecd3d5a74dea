using System.Diagnostics;
using System.Text;

namespace Portcullis.EndToEnd.Harness;

/// <summary>Runs programs to their end, with an environment that holds nothing of the machine's own settings.</summary>
public static class Shell
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    public static async Task<CommandResult> RunAsync(
        string program, IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string> environment,
        string? input = null, bool clearEnvironment = true)
    {
        using var process = Start(program, arguments, folder, environment, clearEnvironment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A program that reads no input may close its end first.
        }

        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"`{program} {string.Join(' ', arguments)}` did not end:\n{await output}{await error}");
        }

        return new CommandResult($"{Path.GetFileName(program)} {string.Join(' ', arguments)}", process.ExitCode, await output, await error);
    }

    /// <summary>Starts a program with its three streams redirected.</summary>
    public static Process Start(
        string program, IReadOnlyList<string> arguments, string folder, IReadOnlyDictionary<string, string> environment, bool clearEnvironment = true)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        if (clearEnvironment)
        {
            start.Environment.Clear();
            foreach (var name in (string[])["PATH", "LD_LIBRARY_PATH", "DOTNET_ROOT", "TMPDIR"])
            {
                if (Environment.GetEnvironmentVariable(name) is { } value)
                {
                    start.Environment[name] = value;
                }
            }
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
    }
}
