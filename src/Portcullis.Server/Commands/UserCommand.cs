using System.CommandLine;
using Portcullis.Authority;
using Portcullis.Authority.People;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis user</c>: the people who may sign in.</summary>
internal static class UserCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal) => new("user", "Add, change and remove the people who may sign in. A running server notices within half a second.")
    {
        CreateAdd(terminal),
        UserListing.CreateList(terminal),
        UserListing.CreateShow(terminal),
        CreateEnrol(terminal),
        CreatePassword(terminal),
        CreateGroups(terminal),
        CreateChange(
            terminal, "disable", "Take a person's access away: no sign-in, and every token of theirs is refused at once, tokens made from those included.", "user.disable", "Disabled",
            (users, name, cancellationToken) => users.DisableAsync(name, cancellationToken)),
        CreateChange(
            terminal, "enable", "Let a disabled person in again. Tokens from before stay revoked.", "user.enable", "Enabled",
            (users, name, cancellationToken) => users.EnableAsync(name, cancellationToken)),
        CreateRemove(terminal),
    };

    private static Command CreateAdd(CommandTerminal terminal)
    {
        var name = NameArgument();
        var displayName = new Option<string?>("--display-name") { Description = "The name in full, as pages show it.", HelpName = "NAME" };
        var email = new Option<string?>("--email") { Description = "The e-mail address. It is never an identity.", HelpName = "ADDRESS" };
        var group = new Option<string[]>("--group") { Description = "A group, as the policy names it; may be given several times.", HelpName = "NAME", DefaultValueFactory = _ => [] };
        var administrator = new Option<bool>("--administrator") { Description = "Whether this person may administer." };
        var (password, passwordFile) = PasswordOptions();
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "add", "Add a person. Without a password it prints a link, good once and for three days, by which they set a passkey or password of their own.",
            "portcullis user add alice --group engineering",
            "portcullis user add grace --display-name 'Grace Hopper' --administrator",
            "portcullis user add bob --password - < bob.password")
        {
            name, displayName, email, group, administrator, password, passwordFile, json,
        };
        command.SetAction((parseResult, cancellationToken) =>
        {
            var who = parseResult.GetValue(name)!;
            var secret = SecretInput.ReadPassword(terminal, parseResult.GetValue(password), parseResult.GetValue(passwordFile));
            return AdministrationCommand.ChangeAsync(
                parseResult, terminal, "user.add", who,
                async authority =>
                {
                    var added = await authority.Users.AddAsync(
                        who, parseResult.GetValue(displayName), parseResult.GetValue(email), parseResult.GetValue(group)!, parseResult.GetValue(administrator), secret, cancellationToken);
                    if (!added.Succeeded || secret is not null)
                    {
                        return added.Select(person => new AddedPerson(person, null));
                    }

                    var link = await authority.Users.CreateEnrolmentLinkAsync(added.Value.Name, cancellationToken);
                    return link.Select(text => new AddedPerson(added.Value, text));
                },
                added => Print(terminal, parseResult.GetValue(json), added),
                cancellationToken);
        });
        return command;
    }

    private static Command CreateEnrol(CommandTerminal terminal)
    {
        var name = NameArgument();
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "enrol", "Print a new link, good once and for three days, by which a person sets a passkey or password. It replaces an older one.",
            "portcullis user enrol alice")
        {
            name, json,
        };
        command.SetAction((parseResult, cancellationToken) => AdministrationCommand.ChangeAsync(
            parseResult, terminal, "user.enrol", parseResult.GetValue(name)!,
            authority => authority.Users.CreateEnrolmentLinkAsync(parseResult.GetValue(name)!, cancellationToken),
            link =>
            {
                if (parseResult.GetValue(json))
                {
                    terminal.WriteJson(new { name = parseResult.GetValue(name), enrolmentLink = link });
                }
                else
                {
                    terminal.Output.WriteLine(link);
                }
            },
            cancellationToken));
        return command;
    }

    private static Command CreatePassword(CommandTerminal terminal)
    {
        var name = NameArgument();
        var (password, passwordFile) = PasswordOptions();
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "password", "Set a person's password, and end all of their sessions.",
            "portcullis user password alice --password - < alice.password", "portcullis user password alice --password-file alice.password")
        {
            name, password, passwordFile, json,
        };
        command.SetAction((parseResult, cancellationToken) =>
        {
            var secret = SecretInput.ReadPassword(terminal, parseResult.GetValue(password), parseResult.GetValue(passwordFile))
                ?? throw new CommandFailedException("Give the password on standard input (--password -) or in a file (--password-file FILE).", ExitCode.Usage);
            return AdministrationCommand.ChangeAsync(
                parseResult, terminal, "user.password", parseResult.GetValue(name)!,
                authority => authority.Users.SetPasswordAsync(parseResult.GetValue(name)!, secret, cancellationToken),
                person => Print(terminal, parseResult.GetValue(json), person, "Set the password of"),
                cancellationToken);
        });
        return command;
    }

    private static Command CreateGroups(CommandTerminal terminal)
    {
        var name = NameArgument();
        var groups = new Argument<string[]>("GROUP") { Description = "The groups that the person is in from now on, as the policy names them.", Arity = ArgumentArity.ZeroOrMore };
        var none = new Option<bool>("--none") { Description = "In no group." };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "groups", "Say which groups a person is in. Those that come from a sign-in with another provider stay.",
            "portcullis user groups alice engineering operations", "portcullis user groups alice --none")
        {
            name, groups, none, json,
        };
        command.SetAction((parseResult, cancellationToken) =>
        {
            var wanted = parseResult.GetValue(groups)!;
            if (wanted.Length == 0 != parseResult.GetValue(none))
            {
                throw new CommandFailedException("Name the groups, or say --none.", ExitCode.Usage);
            }

            return AdministrationCommand.ChangeAsync(
                parseResult, terminal, "user.groups", parseResult.GetValue(name)!,
                authority => authority.Users.SetGroupsAsync(parseResult.GetValue(name)!, wanted, cancellationToken),
                person => Print(terminal, parseResult.GetValue(json), person, "Changed the groups of"),
                cancellationToken);
        });
        return command;
    }

    private static Command CreateRemove(CommandTerminal terminal)
    {
        var name = NameArgument();
        var yes = new Option<bool>("--yes") { Description = "Remove them: there is no way back." };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "remove", "Remove a person with their passkeys and sessions, and refuse every token of theirs at once.", "portcullis user remove alice --yes")
        {
            name, yes, json,
        };
        command.SetAction((parseResult, cancellationToken) => parseResult.GetValue(yes)
            ? AdministrationCommand.ChangeAsync(
                parseResult, terminal, "user.remove", parseResult.GetValue(name)!,
                authority => authority.Users.RemoveAsync(parseResult.GetValue(name)!, cancellationToken),
                person => Print(terminal, parseResult.GetValue(json), person, "Removed"),
                cancellationToken)
            : throw new CommandFailedException($"{CommandTerminal.Printable(parseResult.GetValue(name)!)} would be gone for ever. Say so with --yes, or disable them.", ExitCode.Usage));
        return command;
    }

    private static Command CreateChange(
        CommandTerminal terminal, string word, string description, string operation, string done,
        Func<UserAdministration, string, CancellationToken, Task<AdministrationResult<PersonInfo>>> change)
    {
        var name = NameArgument();
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(word, description, $"portcullis user {word} alice") { name, json };
        command.SetAction((parseResult, cancellationToken) => AdministrationCommand.ChangeAsync(
            parseResult, terminal, operation, parseResult.GetValue(name)!,
            authority => change(authority.Users, parseResult.GetValue(name)!, cancellationToken),
            person => Print(terminal, parseResult.GetValue(json), person, done),
            cancellationToken));
        return command;
    }

    private static Argument<string> NameArgument() => new("NAME") { Description = "The user name: the subject of the person's tokens." };

    private static (Option<string?> Password, Option<string?> File) PasswordOptions() => (
        new("--password") { Description = "`-`: read the password from standard input. A password itself isn't taken here.", HelpName = "-" },
        new("--password-file") { Description = "Read the password from a file.", HelpName = "FILE" });

    private static void Print(CommandTerminal terminal, bool json, PersonInfo person, string done)
    {
        if (json)
        {
            terminal.WriteJson(person);
        }
        else
        {
            terminal.Error.WriteLine($"{done} {person.Name}.");
        }
    }

    private static void Print(CommandTerminal terminal, bool json, AddedPerson added)
    {
        if (json)
        {
            terminal.WriteJson(new { person = added.Person, added.EnrolmentLink });
            return;
        }

        terminal.Error.WriteLine($"Added {added.Person.Name}.");
        if (added.EnrolmentLink is not null)
        {
            terminal.Error.WriteLine("Good once, for three days, to set a passkey or password:");
            terminal.Output.WriteLine(added.EnrolmentLink);
        }
    }

    private sealed record AddedPerson(PersonInfo Person, string? EnrolmentLink);
}
