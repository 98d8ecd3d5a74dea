using System.CommandLine;
using Portcullis.Audit;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis audit</c>.</summary>
internal static class AuditCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal) => new("audit", "Read the audit log, and verify it.")
    {
        AuditShowCommand.Create(terminal),
        CreateVerify(terminal),
    };

    private static Command CreateVerify(CommandTerminal terminal)
    {
        var keys = new Option<string?>("--keys") { Description = "A JWK set with the public keys that may have signed. Default: this installation's own.", HelpName = "FILE" };
        var directory = new Option<string?>("--directory") { Description = "The log's folder. Default: this installation's.", HelpName = "FOLDER" };
        var witness = new Option<string[]>("--witness") { Description = "A head file that was kept elsewhere: it must lie on its node's chain. May be given several times.", HelpName = "FILE", DefaultValueFactory = _ => [] };
        var allowMissingStart = new Option<bool>("--allow-missing-start") { Description = "The oldest files may be gone." };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "verify", "Check that no line of the log was changed, removed or cut off. Needs the public key alone. Exit code 1: something is wrong.",
            "portcullis audit verify", "portcullis audit verify --directory /backup/audit --keys audit-keys.json")
        {
            keys, directory, witness, allowMissingStart, json,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var (folder, keyFile) = (parseResult.GetValue(directory), parseResult.GetValue(keys));
            if (folder is null || keyFile is null)
            {
                var installation = parseResult.Installation(terminal);
                folder ??= installation.Configuration.Audit.Directory;
                keyFile ??= installation.AuditPublicKeyPath;
            }

            if (!Directory.Exists(folder))
            {
                throw new CommandFailedException($"There is no audit log in {folder}.");
            }

            var options = new AuditVerificationOptions
            {
                AllowMissingStart = parseResult.GetValue(allowMissingStart),
                Witnesses = [.. parseResult.GetValue(witness)!.Select(ReadHead)],
            };
            var verification = await AuditVerifier.VerifyAsync(folder, ReadKeys(keyFile), options, progress: null, cancellationToken);
            Print(terminal, verification, parseResult.GetValue(json));
            return verification.IsIntact ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static AuditKeySet ReadKeys(string path)
    {
        try
        {
            return AuditKeySet.Parse(File.ReadAllText(path));
        }
        catch (FormatException exception)
        {
            throw new CommandFailedException($"{path}: {exception.Message}");
        }
    }

    private static AuditHead ReadHead(string path)
        => AuditHead.TryParse(File.ReadAllText(path), out var head) ? head! : throw new CommandFailedException($"{path} is no head of an audit log.", ExitCode.Usage);

    private static void Print(CommandTerminal terminal, AuditVerification verification, bool json)
    {
        if (json)
        {
            terminal.WriteJson(new
            {
                intact = verification.IsIntact,
                verification.Nodes,
                problems = verification.Problems.Select(problem => new { problem.Kind, problem.File, problem.Line, problem.Message }),
                verification.FurtherProblems,
                verification.SetAside,
            });
            return;
        }

        foreach (var node in verification.Nodes)
        {
            terminal.Output.WriteLine(
                $"{node.Node}: {node.Lines} lines in {node.Files} {(node.Files == 1 ? "file" : "files")}, {node.Checkpoints} signed checkpoints"
                + (node.LastCheckpoint is { } last ? $", the last at {last:u}" : "")
                + (node.UncoveredLines > 0 ? $"; {node.UncoveredLines} lines since then" : ""));
        }

        foreach (var file in verification.SetAside)
        {
            terminal.Output.WriteLine($"{file}: what a crash left behind the last whole line, as the log notes");
        }

        foreach (var problem in verification.Problems)
        {
            terminal.WriteMark("wrong", Color.Red, problem.ToString());
        }

        if (verification.FurtherProblems > 0)
        {
            terminal.Output.WriteLine($"and {verification.FurtherProblems} more");
        }

        if (verification.IsIntact)
        {
            terminal.WriteMark("intact", Color.Green, "every line is as it was written");
        }
    }
}
