using System.CommandLine;
using Portcullis.Authority;
using Portcullis.Authority.Keys;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis key</c>: the keys that sign tokens.</summary>
internal static class KeyCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal) => new("key", "List, rotate, revoke and import the keys that sign tokens. A running server notices within half a second.")
    {
        CreateList(terminal),
        CreateRotate(terminal),
        CreateRevoke(terminal),
        CreateImport(terminal),
    };

    private static Command CreateList(CommandTerminal terminal)
    {
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("list", "List the signing keys, the newest first.", "portcullis key list", "portcullis key list --json") { json };
        command.SetAction((parseResult, cancellationToken) => AdministrationCommand.ReadAsync(
            parseResult, terminal,
            authority =>
            {
                var keys = authority.Keys.List();
                if (parseResult.GetValue(json))
                {
                    terminal.WriteJson(keys);
                }
                else
                {
                    terminal.WriteTable(
                        ["KEY", "ALGORITHM", "STATE", "SIGNS FROM", "VERIFIES UNTIL"],
                        keys.Select(key => (IReadOnlyList<string>)
                            [key.KeyId, key.Algorithm, Word(key), AdministrationCommand.Time(key.SignsFrom), AdministrationCommand.Time(key.RevokedAt ?? key.VerifiesUntil)]));
                }

                return Task.CompletedTask;
            },
            cancellationToken));
        return command;
    }

    private static Command CreateRotate(CommandTerminal terminal)
    {
        var now = new Option<bool>("--now") { Description = "The new key signs at once. Without it, it is published first, for authority.publishSigningKeyBefore, so that every verifier knows it before it signs." };
        var algorithm = AlgorithmOption();
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "rotate", "Make a new signing key. The old one verifies until its last token is dead: nobody notices.",
            "portcullis key rotate", "portcullis key rotate --now", "portcullis key rotate --algorithm RS256")
        {
            now, algorithm, json,
        };
        command.SetAction((parseResult, cancellationToken) => AdministrationCommand.ChangeAsync(
            parseResult, terminal, "key.rotate", parseResult.GetValue(algorithm) ?? "default",
            authority =>
            {
                var wanted = parseResult.GetValue(algorithm);
                return wanted is null || authority.Keys.Algorithms.Contains(wanted)
                    ? DoneAsync(authority.Keys.RotateAsync(wanted, parseResult.GetValue(now), cancellationToken))
                    : throw new CommandFailedException($"{CommandTerminal.Printable(wanted)} is neither authority.signingAlgorithm nor one of additionalSigningAlgorithms.", ExitCode.Usage);
            },
            key => Print(terminal, parseResult.GetValue(json), key, $"Made the key {key.KeyId} ({key.Algorithm}); it signs from {AdministrationCommand.Time(key.SignsFrom)}."),
            cancellationToken));
        return command;
    }

    private static Command CreateRevoke(CommandTerminal terminal)
    {
        var id = new Argument<string>("KID") { Description = "The key's id, as `portcullis key list` shows it." };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "revoke", "Revoke a key that may be known to others: at once it verifies nothing, a new one signs in its place, and transfers that its tokens opened are cut.",
            "portcullis key revoke NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        {
            id, json,
        };
        command.SetAction((parseResult, cancellationToken) => AdministrationCommand.ChangeAsync(
            parseResult, terminal, "key.revoke", parseResult.GetValue(id)!,
            authority => authority.Keys.RevokeAsync(parseResult.GetValue(id)!, cancellationToken),
            key => Print(terminal, parseResult.GetValue(json), key, $"Revoked the key {key.KeyId}."),
            cancellationToken));
        return command;
    }

    private static Command CreateImport(CommandTerminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "An unencrypted private key, as PEM or as a JSON Web Key; `-` reads standard input." };
        var algorithm = AlgorithmOption();
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "import", "Take in an existing private key, which signs from then on. The key before it verifies until its last token is dead.",
            "portcullis key import signing.pem", "portcullis key import key.jwk --algorithm PS256")
        {
            file, algorithm, json,
        };
        command.SetAction((parseResult, cancellationToken) =>
        {
            var from = parseResult.GetValue(file)!;
            var text = from == "-" ? SecretInput.ReadStandardInput(terminal, "key") : SecretInput.ReadFile(from, "key");
            return AdministrationCommand.ChangeAsync(
                parseResult, terminal, "key.import", from,
                authority => authority.Keys.ImportAsync(text, parseResult.GetValue(algorithm), cancellationToken),
                key => Print(terminal, parseResult.GetValue(json), key, $"Took in the key {key.KeyId} ({key.Algorithm}); it signs."),
                cancellationToken);
        });
        return command;
    }

    private static Option<string?> AlgorithmOption() => new("--algorithm") { Description = "ES256, RS256 …: authority.signingAlgorithm, or one of additionalSigningAlgorithms.", HelpName = "NAME" };

    private static async Task<AdministrationResult<KeyInfo>> DoneAsync(Task<KeyInfo> key) => AdministrationResult<KeyInfo>.Done(await key);

    private static string Word(KeyInfo key) => key.State switch
    {
        KeyState.Next => "next",
        KeyState.Signing => "signs",
        KeyState.Verifying => "verifies",
        KeyState.Retired => "retired",
        _ => "revoked",
    };

    private static void Print(CommandTerminal terminal, bool json, KeyInfo key, string sentence)
    {
        if (json)
        {
            terminal.WriteJson(key);
        }
        else
        {
            terminal.Error.WriteLine(sentence);
        }
    }
}
