using System.CommandLine;
using Portcullis.Authority.People;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis user list</c> and <c>show</c>.</summary>
internal static class UserListing
{
    public static Command CreateList(CommandTerminal terminal)
    {
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("list", "List the people who may sign in.", "portcullis user list", "portcullis user list --json") { json };
        command.SetAction((parseResult, cancellationToken) => AdministrationCommand.ReadAsync(
            parseResult, terminal,
            async authority =>
            {
                var people = await authority.Users.ListAsync(cancellationToken);
                if (parseResult.GetValue(json))
                {
                    terminal.WriteJson(people);
                }
                else
                {
                    terminal.WriteTable(["NAME", "GROUPS", "SIGNS IN WITH", "STATE"], people.Select(Row));
                }
            },
            cancellationToken));
        return command;
    }

    public static Command CreateShow(CommandTerminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "The user name." };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("show", "Show one person and the sessions that are alive.", "portcullis user show alice") { name, json };
        command.SetAction((parseResult, cancellationToken) => AdministrationCommand.ReadAsync(
            parseResult, terminal,
            async authority =>
            {
                var who = parseResult.GetValue(name)!;
                var person = await authority.Users.FindAsync(who, cancellationToken) ?? throw new CommandFailedException($"There is no user '{CommandTerminal.Printable(who)}'.");
                var sessions = await authority.Users.ListSessionsAsync(person.Name, cancellationToken);
                if (parseResult.GetValue(json))
                {
                    terminal.WriteJson(new { person, sessions });
                    return;
                }

                terminal.WriteTable(["NAME", "GROUPS", "SIGNS IN WITH", "STATE"], [Row(person)]);
                terminal.Output.WriteLine();
                terminal.WriteTable(
                    ["SESSION", "CLIENT", "LAST USED", "ENDS", "FROM", "ASKED FOR"],
                    sessions.Select(session => (IReadOnlyList<string>)
                    [
                        session.Id, session.ClientId ?? "a browser here", AdministrationCommand.Time(session.LastUsedAt), AdministrationCommand.Time(session.ExpiresAt),
                        session.RemoteAddress ?? "", session.RequestedScope ?? "",
                    ]));
            },
            cancellationToken));
        return command;
    }

    private static IReadOnlyList<string> Row(PersonInfo person) =>
    [
        !person.IsAdministrator ? person.Name : person.AdministratorBy is { } issuer ? $"{person.Name} (administrator by {issuer})" : $"{person.Name} (administrator)",
        string.Join(", ", person.Groups),
        SignsInWith(person),
        person.DisabledAt is { } at ? $"disabled {AdministrationCommand.Time(at)}" : "",
    ];

    private static string SignsInWith(PersonInfo person)
    {
        var ways = new List<string>();
        if (person.HasPassword)
        {
            ways.Add(person.TwoFactorEnabled ? "password and code" : "password");
        }

        if (person.Passkeys > 0)
        {
            ways.Add(person.Passkeys == 1 ? "a passkey" : $"{person.Passkeys} passkeys");
        }

        return ways.Count == 0 ? "nothing yet" : string.Join(", ", ways);
    }
}
