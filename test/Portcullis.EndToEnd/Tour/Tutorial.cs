using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Tour;

/// <summary>
/// Types what a tutorial says and looks for what it shows. In a block marked <c>sh</c>, a line that begins <c>$ </c> is typed, and each line below it must be
/// part of what is printed; <c>sh server</c> is a command that goes on running.
/// </summary>
public sealed class Tutorial
{
    [Theory]
    [InlineData("first-steps.md")]
    public async Task Does_what_it_says(string page)
    {
        using var folder = new TemporaryFolder();
        var port = $"{PortcullisServer.FreePort()}";
        var text = (await File.ReadAllTextAsync(Path.Combine(Source.Root, "docs", "tutorial", page))).Replace("7080", port, StringComparison.Ordinal);
        var home = new Git(folder["home"]);
        var environment = new Dictionary<string, string>(home.Environment)
        {
            ["PATH"] = $"{Path.GetDirectoryName(Source.Program)}:{Environment.GetEnvironmentVariable("PATH")}",
            ["PORTCULLIS__SERVER__LISTEN__0"] = $"http://127.0.0.1:{port}",
        };
        foreach (var name in environment.Keys.Where(name => name.StartsWith("GIT_AUTHOR", StringComparison.Ordinal) || name.StartsWith("GIT_COMMITTER", StringComparison.Ordinal)).ToList())
        {
            environment.Remove(name);
        }

        var work = folder.Make("work");
        System.Diagnostics.Process? server = null;
        try
        {
            foreach (var (isServer, lines) in Blocks(text))
            {
                if (isServer)
                {
                    server = Shell.Start("/bin/sh", ["-c", "exec " + lines[0][2..]], work, environment);
                    _ = server.StandardError.ReadToEndAsync();
                    foreach (var expected in lines.Skip(1))
                    {
                        Assert.Contains(expected, await server.StandardOutput.ReadLineAsync());
                    }
                }
                else
                {
                    await TypeAsync(lines, work, environment);
                }
            }
        }
        finally
        {
            server?.Kill(entireProcessTree: true);
            server?.Dispose();
        }
    }

    private static async Task TypeAsync(IReadOnlyList<string> lines, string work, Dictionary<string, string> environment)
    {
        for (var i = 0; i < lines.Count;)
        {
            var command = lines[i++];
            Assert.StartsWith("$ ", command);
            var printed = await Shell.RunAsync("/bin/sh", ["-c", $"{{ {command[2..]} ; }} 2>&1"], work, environment);
            for (; i < lines.Count && !lines[i].StartsWith("$ ", StringComparison.Ordinal); i++)
            {
                Assert.True(printed.Output.Contains(lines[i], StringComparison.Ordinal), $"after `{command}` there should be `{lines[i]}`, and there is:\n{printed.Output}");
            }
        }
    }

    private static IEnumerable<(bool IsServer, IReadOnlyList<string> Lines)> Blocks(string text)
    {
        List<string>? block = null;
        var isServer = false;
        foreach (var line in text.Split('\n'))
        {
            if (block is null && line.StartsWith("```sh", StringComparison.Ordinal))
            {
                block = [];
                isServer = line.EndsWith("server", StringComparison.Ordinal);
            }
            else if (block is not null && line == "```")
            {
                yield return (isServer, block);
                block = null;
            }
            else
            {
                block?.Add(line);
            }
        }
    }
}
