using System.CommandLine;
using Portcullis.Access.Permissions;
using Portcullis.Tokens;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis token inspect</c>: what a token says, and whether this installation would accept it.</summary>
internal static class TokenInspectCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        var token = new Argument<string?>("TOKEN") { Description = "`-`, or nothing: read it from standard input.", Arity = ArgumentArity.ZeroOrOne };
        var tokenFile = CommonOptions.TokenFile();
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "inspect", "Decode a token and check it as the gateway would, claim by claim. Exit code 1: it would be refused.",
            "portcullis token inspect < alice.token",
            "portcullis token inspect --token-file alice.token --json",
            "portcullis token issue --subject alice --permission git:acme/app:pull | portcullis token inspect -")
        {
            token, tokenFile, json,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var text = Read(terminal, parseResult.GetValue(token), parseResult.GetValue(tokenFile));
            var installation = parseResult.Installation(terminal);
            await using var validation = await TokenValidation.OpenAsync(installation, cancellationToken);
            var result = await validation.Validator.ValidateAsync(text, default, cancellationToken);
            var inspection = TokenReader.ReadUnverified(text, terminal.TimeProvider);
            if (parseResult.GetValue(json))
            {
                terminal.WriteJson(new
                {
                    valid = result.IsValid,
                    reason = result.IsValid ? null : result.Code,
                    description = result.IsValid ? null : result.Description,
                    inspection.Length,
                    inspection.Header,
                    claims = inspection.Payload,
                });
            }
            else
            {
                Print(terminal, inspection, result);
            }

            return result.IsValid ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static string Read(CommandTerminal terminal, string? argument, string? file)
    {
        if (argument is not null and not "-")
        {
            if (file is not null)
            {
                throw new CommandFailedException("Give the token once: on standard input or in a file.", ExitCode.Usage);
            }

            terminal.Error.WriteLine("A token on the command line can be seen by everyone on this machine, and stays in the shell's history: `portcullis token inspect -` reads standard input.");
            return argument;
        }

        return SecretInput.ReadToken(terminal, file is null ? "-" : argument, file)!;
    }

    private static void Print(CommandTerminal terminal, TokenInspection inspection, TokenResult result)
    {
        if (inspection.Payload.Count > 0)
        {
            terminal.WriteTable(["CLAIM", "VALUE", "MEANING"], inspection.Header.Concat(inspection.Payload).SelectMany(Rows));
            terminal.Output.WriteLine();
        }

        if (result.IsValid)
        {
            terminal.WriteMark("accepted", Color.Green, $"every check passed; {inspection.Length} characters");
        }
        else
        {
            terminal.WriteMark("refused", Color.Red, $"{result.Code}: {result.Description}");
        }
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(InspectedClaim claim)
    {
        if (claim.Name != "scope")
        {
            return [[claim.Name, claim.Value, claim.Meaning ?? ""]];
        }

        return claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => (IReadOnlyList<string>)[claim.Name, word, Meaning(word)]);
    }

    private static string Meaning(string scope) => !scope.StartsWith("git:", StringComparison.Ordinal) && !ServiceScope.IsOne(scope)
        ? "no permission: ignored here"
        : !ScopeWord.TryParse(scope, out var word, out var error) ? $"grants nothing: {error.Message}"
        : word.Permission is not null ? "permission" : "scope of another service";
}
