using System.CommandLine;
using Portcullis.Access.Policies;
using Portcullis.Server.Configuration;
using Portcullis.Server.Configuration.Policies;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis policy</c>.</summary>
internal static class PolicyCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal) => new("policy", "Check the policy, and test what it decides.")
    {
        CreateCheck(terminal),
        CreateTest(terminal),
    };

    /// <summary>The policy as the server would have it.</summary>
    /// <exception cref="CommandFailedException">It is broken, or missing although the configuration names it.</exception>
    internal static AccessPolicy Load(Installation installation)
    {
        var path = installation.Configuration.Policy;
        if (!File.Exists(path) && !installation.Loaded.IsPolicyGiven)
        {
            return AccessPolicy.Empty;
        }

        var check = PolicyFile.Check(path, Name(path));
        return check.Policy ?? throw Installation.Problem("The policy can't be used", new ConfigurationException(check.Problems));
    }

    private static Command CreateCheck(CommandTerminal terminal)
    {
        var file = new Argument<string?>("FILE") { Description = "The policy. Default: the configured one.", Arity = ArgumentArity.ZeroOrOne };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "check", "Read a policy and report everything that is wrong with it, with line and column. Exit code 1: it would be refused.",
            "portcullis policy check", "portcullis policy check policy.yaml --json")
        {
            file, json,
        };
        command.SetAction(parseResult =>
        {
            var path = parseResult.GetValue(file) ?? parseResult.Installation(terminal).Configuration.Policy;
            var check = PolicyFile.Check(path, Name(path));
            if (parseResult.GetValue(json))
            {
                terminal.WriteJson(new
                {
                    valid = check.Policy is not null,
                    problems = check.Problems.Select(Described),
                    warnings = check.Warnings.Select(Described),
                    roles = check.Policy?.RoleNames.Order(StringComparer.Ordinal),
                    rules = check.Policy?.Rules.Select(rule => rule.ToString()),
                });
            }
            else
            {
                Print(terminal, check, Name(path));
            }

            return check.Policy is null ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static Command CreateTest(CommandTerminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "The cases, in YAML: who, what, and what is expected." };
        var policy = new Option<string?>("--policy") { Description = "The policy. Default: the configured one.", HelpName = "FILE" };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "test", "Run cases from a file through the same decision as real requests. Exit code 1: one came out otherwise than expected.",
            "portcullis policy test policy-cases.yaml", "portcullis policy test policy-cases.yaml --policy new-policy.yaml")
        {
            file, policy, json,
        };
        command.SetAction(parseResult =>
        {
            var path = parseResult.GetValue(file)!;
            IReadOnlyList<PolicyCase> cases;
            AccessPolicy tested;
            try
            {
                cases = PolicyCaseReader.Read(File.ReadAllBytes(path), Name(path));
                tested = parseResult.GetValue(policy) is { } other
                    ? PolicyFile.Check(other, Name(other)) is var check && check.Policy is { } read ? read : throw new ConfigurationException(check.Problems)
                    : Load(parseResult.Installation(terminal));
            }
            catch (ConfigurationException exception)
            {
                throw Installation.Problem("The cases can't be run", exception);
            }

            var results = cases.Select(one => one.Run(tested)).ToList();
            var failed = results.Count(result => !result.Passed);
            if (parseResult.GetValue(json))
            {
                terminal.WriteJson(new
                {
                    passed = results.Count - failed,
                    failed,
                    cases = results.Select(result => new
                    {
                        result.Case.Name,
                        location = result.Case.Location.ToString(),
                        result.Passed,
                        expected = Word(result.Case.IsAllowed),
                        decided = Word(result.Decision.IsAllowed),
                        reason = result.Decision.Code,
                    }),
                });
            }
            else
            {
                Print(terminal, results, failed);
            }

            return failed == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static void Print(CommandTerminal terminal, PolicyCheck check, string name)
    {
        foreach (var problem in check.Problems)
        {
            terminal.WriteMark("wrong  ", Color.Red, problem.ToString());
        }

        foreach (var warning in check.Warnings)
        {
            terminal.WriteMark("warning", Color.Yellow, warning.ToString());
        }

        if (check.Policy is { } policy)
        {
            terminal.WriteMark("good   ", Color.Green, $"{name}: {policy.RoleNames.Count} roles, {policy.Rules.Count} rules");
        }
    }

    private static void Print(CommandTerminal terminal, IReadOnlyList<PolicyCaseResult> results, int failed)
    {
        foreach (var result in results)
        {
            if (result.Passed)
            {
                terminal.WriteMark("passed", Color.Green, result.Case.Name);
                continue;
            }

            terminal.WriteMark("failed", Color.Red, $"{result.Case.Name} ({result.Case.Location}): expected {Word(result.Case.IsAllowed)}, decided {Word(result.Decision.IsAllowed)} ({result.Decision.Code})");
            terminal.WriteLines(result.Lines);
        }

        terminal.Output.WriteLine($"{results.Count - failed} passed, {failed} failed");
    }

    private static string Word(bool isAllowed) => isAllowed ? "allowed" : "refused";

    private static object Described(ConfigurationProblem problem) => new { location = problem.Location.ToString(), problem.Message };

    /// <summary>A file as it is shorter to read: below the current folder, by its path from there.</summary>
    private static string Name(string path)
    {
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
