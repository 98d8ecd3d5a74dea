using System.CommandLine;
using Portcullis.Authority.Clients;
using Portcullis.Server.Administration;
using Portcullis.Server.Configuration;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis client</c>: the programs that may ask for tokens.</summary>
internal static class ClientCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal) => new("client", "Add, list and remove the programs that may ask for tokens.")
    {
        CreateAdd(terminal),
        CreateList(terminal),
        CreateSecret(terminal),
        CreateRemove(terminal),
    };

    private static Command CreateAdd(CommandTerminal terminal)
    {
        var id = IdArgument();
        var grant = new Option<string[]>("--grant")
        {
            Description = $"A way to come to tokens: {string.Join(", ", GrantWords.All)}; may be given several times.", HelpName = "GRANT", Required = true,
        };
        grant.AcceptOnlyFromAmong([.. GrantWords.All]);
        var redirect = new Option<string[]>("--redirect-uri") { Description = "Where people may be sent back to after signing in; may be given several times. On a loopback address any port will do.", HelpName = "URI", DefaultValueFactory = _ => [] };
        var displayName = new Option<string?>("--display-name") { Description = "What the consent page calls it.", HelpName = "NAME" };
        var ceiling = new Option<string[]?>("--ceiling") { Description = "A permission that its tokens never exceed; may be given several times. Default: as far as the policy goes.", HelpName = "PERMISSION" };
        var lifetime = new Option<string?>("--lifetime") { Description = "How long its tokens are valid. Default: authority.accessTokenLifetime.", HelpName = "TIME" };
        var algorithm = new Option<string?>("--algorithm") { Description = "What its tokens are signed with. Default: authority.signingAlgorithm.", HelpName = "NAME" };
        var jwks = new Option<string?>("--jwks-file") { Description = "Its public keys, a JSON Web Key Set: it proves with them who it is, in the place of a secret (private_key_jwt).", HelpName = "FILE" };
        var confidential = new Option<bool>("--confidential") { Description = "It proves who it is: with --jwks-file, or with a secret that is printed once. client_credentials needs it." };
        var trusted = new Option<bool>("--trusted") { Description = "It is part of this installation, and confidential: people aren't asked whether they let it in." };
        var output = OutputOption();
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "add", "Add a client. What it may do, the policy says: `client:ID` names it there.",
            "portcullis client add ci --confidential --grant client_credentials --output ci.secret",
            "portcullis client add deploy --confidential --grant client_credentials --jwks-file deploy.jwks --lifetime 5m",
            "portcullis client add ide --grant authorization_code --grant device_code --redirect-uri http://127.0.0.1 --ceiling 'git:acme/*:pull,push'")
        {
            id, grant, redirect, displayName, ceiling, lifetime, algorithm, jwks, confidential, trusted, output, json,
        };
        command.SetAction((parseResult, cancellationToken) =>
        {
            var client = new ClientInfo
            {
                Id = parseResult.GetValue(id)!,
                DisplayName = parseResult.GetValue(displayName),
                Grants = [.. parseResult.GetValue(grant)!.Select(word => GrantWords.Parse(word)!.Value).Distinct()],
                RedirectUris = parseResult.GetValue(redirect)!,
                Ceiling = parseResult.GetValue(ceiling) is { Length: > 0 } given ? given : null,
                AccessTokenLifetime = Lifetime(parseResult.GetValue(lifetime)),
                SigningAlgorithm = parseResult.GetValue(algorithm),
                Jwks = parseResult.GetValue(jwks) is { } file ? SecretInput.ReadFile(file, "key set") : null,
                IsConfidential = parseResult.GetValue(confidential),
                IsTrusted = parseResult.GetValue(trusted),
            };
            return AdministrationCommand.ChangeAsync(
                parseResult, terminal, "client.add", client.Id,
                authority => authority.Clients.AddAsync(client, cancellationToken),
                added => Print(terminal, parseResult.GetValue(json), parseResult.GetValue(output), added, "Added"),
                cancellationToken);
        });
        return command;
    }

    private static Command CreateList(CommandTerminal terminal)
    {
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("list", "List the clients, those that come with the program included.", "portcullis client list", "portcullis client list --json") { json };
        command.SetAction((parseResult, cancellationToken) => AdministrationCommand.ReadAsync(
            parseResult, terminal,
            async authority =>
            {
                var clients = await authority.Clients.ListAsync(cancellationToken);
                if (parseResult.GetValue(json))
                {
                    terminal.WriteJson(clients.Select(ClientView.Of));
                }
                else
                {
                    terminal.WriteTable(
                        ["ID", "NAME", "PROVES ITSELF BY", "GRANTS", "CEILING"],
                        clients.Select(client => (IReadOnlyList<string>)
                        [
                            client.Id, client.DisplayName ?? "", client.Jwks is not null ? "keys" : client.IsConfidential ? "a secret" : "nothing",
                            string.Join(", ", client.Grants.Select(GrantWords.Of)), string.Join(' ', client.Ceiling ?? []),
                        ]));
                }
            },
            cancellationToken));
        return command;
    }

    private static Command CreateSecret(CommandTerminal terminal)
    {
        var id = IdArgument();
        var output = OutputOption();
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "secret", "Give a client a new secret. The old one is worth nothing from then on; tokens that it got stay good.", "portcullis client secret ci --output ci.secret")
        {
            id, output, json,
        };
        command.SetAction((parseResult, cancellationToken) => AdministrationCommand.ChangeAsync(
            parseResult, terminal, "client.secret", parseResult.GetValue(id)!,
            authority => authority.Clients.ReplaceSecretAsync(parseResult.GetValue(id)!, cancellationToken),
            changed => Print(terminal, parseResult.GetValue(json), parseResult.GetValue(output), changed, "Changed the secret of"),
            cancellationToken));
        return command;
    }

    private static Command CreateRemove(CommandTerminal terminal)
    {
        var id = IdArgument();
        var yes = new Option<bool>("--yes") { Description = "Remove it: there is no way back." };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("remove", "Remove a client, and refuse every token that was issued to it.", "portcullis client remove ci --yes") { id, yes, json };
        command.SetAction((parseResult, cancellationToken) => parseResult.GetValue(yes)
            ? AdministrationCommand.ChangeAsync(
                parseResult, terminal, "client.remove", parseResult.GetValue(id)!,
                authority => authority.Clients.RemoveAsync(parseResult.GetValue(id)!, cancellationToken),
                client => Print(terminal, parseResult.GetValue(json), null, new ClientRegistration(client, null), "Removed"),
                cancellationToken)
            : throw new CommandFailedException($"{CommandTerminal.Printable(parseResult.GetValue(id)!)} would be gone for ever. Say so with --yes.", ExitCode.Usage));
        return command;
    }

    private static Argument<string> IdArgument() => new("ID") { Description = "The client_id. People and clients share one set of names." };

    private static Option<string?> OutputOption() => new("--output") { Description = "Write the secret to a new file that only you can read, not to the terminal.", HelpName = "FILE" };

    private static TimeSpan? Lifetime(string? text) => text is null ? null
        : Durations.TryParse(text, out var lifetime) && lifetime > TimeSpan.Zero ? lifetime
        : throw new CommandFailedException($"--lifetime {CommandTerminal.Printable(text)}: write a number and s, m, h or d, as in 15m.", ExitCode.Usage);

    private static void Print(CommandTerminal terminal, bool json, string? output, ClientRegistration registration, string done)
    {
        if (output is not null && registration.Secret is { } kept)
        {
            PrivateFile.WriteNew(output, kept + "\n");
        }

        if (json)
        {
            terminal.WriteJson(new { client = ClientView.Of(registration.Client), secret = output is null ? registration.Secret : null, file = registration.Secret is null ? null : output });
            return;
        }

        terminal.Error.WriteLine($"{done} {registration.Client.Id}.");
        if (registration.Secret is { } secret)
        {
            terminal.Error.WriteLine(output is null ? "Its secret, shown this once:" : $"Its secret is in {output}.");
            if (output is null)
            {
                terminal.Output.WriteLine(secret);
            }
        }
    }
}
