using System.CommandLine;
using Portcullis.Server.Administration;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis revoke</c>: takes tokens back before their time.</summary>
internal static class RevokeCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        var tokenId = Several("--token-id", "A token, by its id (`jti`), with every token made from it.", "JTI");
        var session = Several("--session", "A login, by its id (`sid`): all tokens that came of it.", "SID");
        var subject = Several("--subject", "Everything that a person, a client or a workload holds, or by which it acts for others.", "NAME");
        var client = Several("--client", "Everything that was issued to a client, whoever it was for.", "ID");
        var list = new Option<bool>("--list") { Description = "Revoke nothing, and show what is revoked now." };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "revoke", "Take tokens back: refused on the next request, and transfers that they opened are cut. A running server notices within half a second. For keys, see `portcullis key revoke`.",
            "portcullis revoke --token-id 3fJx0m1cTk2r9w7p",
            "portcullis revoke --session b3Zl-xQ2 --subject alice",
            "portcullis revoke --client ci",
            "portcullis revoke --list --json")
        {
            tokenId, session, subject, client, list, json,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var wanted = new (string Kind, string[] Values)[]
            {
                ("tokenId", parseResult.GetValue(tokenId)!), ("session", parseResult.GetValue(session)!),
                ("subject", parseResult.GetValue(subject)!), ("client", parseResult.GetValue(client)!),
            };
            var any = wanted.Any(kind => kind.Values.Length > 0);
            if (parseResult.GetValue(list))
            {
                return any
                    ? throw new CommandFailedException("--list only shows: leave the others out.", ExitCode.Usage)
                    : await AdministrationCommand.ReadAsync(parseResult, terminal, authority => ListAsync(authority, terminal, parseResult.GetValue(json), cancellationToken), cancellationToken);
            }

            if (!any)
            {
                throw new CommandFailedException("Say what to take back: --token-id, --session, --subject or --client.", ExitCode.Usage);
            }

            await using var authority = await LocalAuthority.OpenAsync(parseResult.Installation(terminal), cancellationToken);
            var revoked = new List<object>();
            foreach (var (kind, values) in wanted)
            {
                foreach (var value in values)
                {
                    await AdministrationCommand.GuardAsync(() => RevokeAsync(authority, kind, value, cancellationToken));
                    revoked.Add(new { kind, value });
                    if (!parseResult.GetValue(json))
                    {
                        terminal.Error.WriteLine($"Revoked: {kind} {CommandTerminal.Printable(value)}");
                    }
                }
            }

            if (parseResult.GetValue(json))
            {
                terminal.WriteJson(revoked);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<bool> RevokeAsync(LocalAuthority authority, string kind, string value, CancellationToken cancellationToken)
    {
        var problem = await authority.Revocations.RevokeAsync(kind, value, cancellationToken);
        return problem is null ? true : throw new CommandFailedException(problem);
    }

    private static async Task ListAsync(LocalAuthority authority, CommandTerminal terminal, bool json, CancellationToken cancellationToken)
    {
        var entries = await authority.Revocations.ListAsync(cancellationToken);
        if (json)
        {
            terminal.WriteJson(entries);
        }
        else
        {
            terminal.WriteTable(
                ["KIND", "VALUE", "SINCE", "FORGOTTEN"],
                entries.Select(entry => (IReadOnlyList<string>)[entry.Kind.ToString(), entry.Value, AdministrationCommand.Time(entry.RevokedAt), AdministrationCommand.Time(entry.ForgottenAt)]));
        }
    }

    private static Option<string[]> Several(string name, string description, string helpName)
        => new(name) { Description = $"{description} May be given several times.", HelpName = helpName, DefaultValueFactory = _ => [] };
}
