using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text;
using Portcullis.Server.Commands;

namespace Portcullis.Tests.Server.Commands;

public sealed class CommandReferenceTests
{
    [Fact]
    public void The_reference_is_what_the_program_says_of_itself()
    {
        var path = Path.Combine(Root(), "docs", "reference", "commands.md");
        var text = Write();
        if (Environment.GetEnvironmentVariable("PORTCULLIS_UPDATE_REFERENCE") == "1")
        {
            File.WriteAllText(path, text);
        }

        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public void Every_command_that_does_something_has_examples()
        => Assert.All(Leaves(), leaf => Assert.NotEmpty(Assert.IsType<DocumentedCommand>(leaf.Command).Examples));

    [Fact]
    public void Every_example_is_understood()
    {
        foreach (var (_, command) in Leaves())
        {
            foreach (var example in ((DocumentedCommand)command).Examples)
            {
                // Of a pipeline or a redirection the first program is ours.
                var line = example.Split(" | ")[0].Split(" < ")[0];
                Assert.StartsWith("portcullis ", line);
                var parsed = Tree().Parse(line["portcullis ".Length..].Replace('\'', '"'));
                Assert.True(parsed.Errors.Count == 0, $"{example}: {string.Join(' ', parsed.Errors)}");
            }
        }
    }

    private static string Write()
    {
        var text = new StringBuilder("# Commands\n\nGenerated from the program's own help. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.\n");
        foreach (var (path, command) in Leaves())
        {
            text.Append($"\n## portcullis {path}\n\n{command.Description}\n\n");
            foreach (var argument in command.Arguments)
            {
                text.Append($"- `{argument.Name}`: {argument.Description}\n");
            }

            foreach (var option in command.Options)
            {
                text.Append($"- `{option.Name}{(option.HelpName is null ? "" : $" {option.HelpName}")}`: {option.Description}{(option.Required ? " Required." : "")}\n");
            }

            text.Append('\n');
            foreach (var example in ((DocumentedCommand)command).Examples)
            {
                text.Append($"    {example}\n");
            }
        }

        return text.Append($"\nEvery command takes `--config FILE`: {CommonOptions.Config.Description}\n").ToString();
    }

    private static IEnumerable<(string Path, Command Command)> Leaves() => Leaves(Tree(), "");

    private static IEnumerable<(string Path, Command Command)> Leaves(Command command, string path)
        => command.Subcommands.Count == 0
            ? [(path, command)]
            : command.Subcommands.SelectMany(child => Leaves(child, path.Length == 0 ? child.Name : $"{path} {child.Name}"));

    private static RootCommand Tree()
        => PortcullisCommandLine.Create(new CommandTerminal(TextReader.Null, TextWriter.Null, TextWriter.Null, isTerminal: false, TimeProvider.System));

    private static string Root([CallerFilePath] string thisFile = "")
    {
        var folder = Path.GetDirectoryName(thisFile)!;
        while (!File.Exists(Path.Combine(folder, "Portcullis.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
