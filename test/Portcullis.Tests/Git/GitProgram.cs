using System.Diagnostics;
using System.Text;

namespace Portcullis.Tests.Git;

/// <summary>Runs the real git, in an environment that no configuration of the machine reaches.</summary>
internal static class GitProgram
{
    public static byte[] Run(string? folder, IReadOnlyList<string> arguments, byte[]? input = null, params (string Name, string Value)[] environment)
    {
        var (exitCode, output, error) = TryRun(folder, arguments, input, environment);
        return exitCode == 0 ? output : throw new InvalidOperationException($"git {string.Join(' ', arguments)} ended with {exitCode}: {error}");
    }

    public static string RunText(string? folder, params string[] arguments) => Encoding.UTF8.GetString(Run(folder, arguments)).TrimEnd('\n');

    public static (int ExitCode, byte[] Output, string Error) TryRun(
        string? folder, IReadOnlyList<string> arguments, byte[]? input = null, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("git", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        (string, string)[] clean =
        [
            ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("LC_ALL", "C"),
            ("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@example.com"), ("GIT_AUTHOR_DATE", "1700000000 +0000"),
            ("GIT_COMMITTER_NAME", "A"), ("GIT_COMMITTER_EMAIL", "a@example.com"), ("GIT_COMMITTER_DATE", "1700000000 +0000"),
        ];
        foreach (var (name, value) in clean.Concat(environment))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var write = Task.Run(() =>
        {
            try
            {
                process.StandardInput.BaseStream.Write(input ?? []);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // git may answer without reading everything.
            }
        });
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        write.GetAwaiter().GetResult();
        return (process.ExitCode, output.ToArray(), error.GetAwaiter().GetResult());
    }
}
