using System.Diagnostics;
using System.Text.RegularExpressions;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Tour;

/// <summary>The demo's own lines, pasted into a shell as it says.</summary>
public sealed class DemoTour
{
    [Fact]
    public async Task The_four_lines_do_what_the_demo_says_of_them()
    {
        using var folder = new TemporaryFolder();
        var home = new Git(folder["home"]);
        await using var demo = await RunningDemo.StartAsync(folder["demo"], home);
        Assert.Equal(4, demo.Lines.Count);

        // One shell, as a person has it: the first line leaves it in the clone.
        var script = string.Join('\n', demo.Lines.Select((line, i) => $"{line}\necho \"== {i + 1}: $?\""));
        var pasted = await Shell.RunAsync("/bin/sh", ["-c", $"{{ {script}\n}} 2>&1"], folder.Make("work"), home.Environment);

        Assert.Contains("== 1: 0", pasted.Output);
        Assert.Contains("== 2: 0", pasted.Output);
        Assert.Contains("hello -> alice/hello", pasted.Output);
        Assert.Contains("== 3: 1", pasted.Output);
        Assert.Contains("[remote rejected] hello -> main (update is not allowed by the token)", pasted.Output);
        Assert.Contains("== 4: 0", pasted.Output);
        Assert.Matches(new Regex(@"^refused .* alice push acme/app", RegexOptions.Multiline), pasted.Output);
        Assert.DoesNotContain("eyJ", pasted.Output);
        Assert.DoesNotContain("eyJ", demo.Output);
    }

    [Fact]
    public async Task A_second_start_finds_everything_as_it_was()
    {
        using var folder = new TemporaryFolder();
        var home = new Git(folder["home"]);
        string first;
        await using (var demo = await RunningDemo.StartAsync(folder["demo"], home))
        {
            first = await home.OutputAsync(folder.Path, "-c", $"include.path={folder["demo"]}/alice.gitconfig", "ls-remote", demo.Url);
        }

        await using var again = await RunningDemo.StartAsync(folder["demo"], home);
        Assert.Equal(first, await home.OutputAsync(folder.Path, "-c", $"include.path={folder["demo"]}/alice.gitconfig", "ls-remote", again.Url));
    }

    /// <summary><c>portcullis demo</c> on a port that was free.</summary>
    private sealed class RunningDemo(Process process, string output) : IAsyncDisposable
    {
        public string Output => output;

        /// <summary>The lines to paste: those that follow a numbered remark.</summary>
        public IReadOnlyList<string> Lines { get; } =
            [.. output.Split('\n').SkipWhile(line => !line.StartsWith("Paste", StringComparison.Ordinal)).Where(line => line.StartsWith("    ", StringComparison.Ordinal)).Select(line => line.Trim())];

        public string Url => Regex.Match(output, @"http://\S+\.git").Value;

        public static async Task<RunningDemo> StartAsync(string folder, Git home)
        {
            var process = Shell.Start(Source.Program, ["demo", "--folder", folder, "--port", $"{FreePorts.Take()}"], "/", home.Environment);
            var error = process.StandardError.ReadToEndAsync();
            var output = "";
            using var patience = new CancellationTokenSource(Eventually.Patience);
            while (!output.Contains("Ctrl+C", StringComparison.Ordinal))
            {
                output += await process.StandardOutput.ReadLineAsync(patience.Token) is { } line
                    ? line + "\n"
                    : throw new InvalidOperationException($"the demo ended:\n{output}{await error}");
            }

            return new RunningDemo(process, output);
        }

        public async ValueTask DisposeAsync()
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
