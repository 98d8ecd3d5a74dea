using System.CommandLine;
using Portcullis.Server.Diagnosis;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis doctor</c>.</summary>
internal static class DoctorCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        var repositories = new Option<string[]>("--repository") { Description = "Look at this repository at its upstream, too: acme/app. May be repeated.", HelpName = "REPOSITORY" };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "doctor", "Check this installation, and say what to mend. Exit code 1: something is wrong.",
            "portcullis doctor", "portcullis doctor --repository github/acme/app", "portcullis doctor --config /etc/portcullis/portcullis.yaml --json")
        {
            repositories, json,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var findings = await Doctor.ExamineAsync(
                parseResult.Installation(terminal), [.. (parseResult.GetValue(repositories) ?? []).Select(RepoCommand.Parse)], cancellationToken);
            var wrong = findings.Count(finding => finding.Level == FindingLevel.Wrong);
            if (parseResult.GetValue(json))
            {
                terminal.WriteJson(new { healthy = wrong == 0, findings });
            }
            else
            {
                Print(terminal, findings, wrong);
            }

            return wrong == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static void Print(CommandTerminal terminal, IReadOnlyList<Finding> findings, int wrong)
    {
        foreach (var finding in findings)
        {
            var (word, colour) = finding.Level switch
            {
                FindingLevel.Good => ("good   ", Color.Green),
                FindingLevel.Warning => ("warning", Color.Yellow),
                _ => ("wrong  ", Color.Red),
            };
            terminal.WriteMark(word, colour, $"{finding.Topic}: {finding.Message}");
            if (finding.Mend is not null)
            {
                terminal.Output.WriteLine($"        -> {CommandTerminal.Printable(finding.Mend)}");
            }
        }

        var warnings = findings.Count(finding => finding.Level == FindingLevel.Warning);
        terminal.Output.WriteLine();
        terminal.Output.WriteLine(wrong == 0 && warnings == 0 ? "All is well." : $"{wrong} wrong, {warnings} to look at.");
    }
}
