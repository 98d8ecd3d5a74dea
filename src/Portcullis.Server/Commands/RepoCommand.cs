using System.CommandLine;
using Portcullis.Audit;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Git;
using Portcullis.Git.Names;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis repo</c>: the repositories that this installation keeps.</summary>
internal static class RepoCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal) => new("repo", "Create, list and delete the repositories kept here.")
    {
        CreateCreate(terminal),
        CreateList(terminal),
        CreateDelete(terminal),
        RepoMaintainCommand.Create(terminal),
    };

    private static Command CreateCreate(CommandTerminal terminal)
    {
        var path = PathArgument();
        var format = new Option<string>("--object-format") { Description = "sha1 or sha256.", HelpName = "FORMAT", DefaultValueFactory = _ => "sha1" };
        format.AcceptOnlyFromAmong("sha1", "sha256");
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "create", "Make an empty repository.", "portcullis repo create acme/app", "portcullis repo create acme/new --object-format sha256")
        {
            path, format, json,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var installation = parseResult.Installation(terminal);
            var repository = Parse(parseResult.GetValue(path)!);
            installation.MakeDirectories();
            var store = Open(installation);
            var made = await store.CreateAsync(
                repository, parseResult.GetValue(format) == "sha256" ? ObjectFormat.Sha256 : ObjectFormat.Sha1, cancellationToken);
            if (!made)
            {
                throw new CommandFailedException($"{repository} is there already.");
            }

            await RecordAsync(installation, "repository.create", repository, cancellationToken);
            Print(terminal, parseResult.GetValue(json), installation, store, repository, "Made");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateList(CommandTerminal terminal)
    {
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("list", "List the repositories.", "portcullis repo list", "portcullis repo list --json") { json };
        command.SetAction(parseResult =>
        {
            var installation = parseResult.Installation(terminal);
            var store = Open(installation);
            var repositories = store.List();
            if (parseResult.GetValue(json))
            {
                terminal.WriteJson(repositories.Select(repository => Describe(installation, store, repository)));
            }
            else
            {
                foreach (var repository in repositories)
                {
                    terminal.Output.WriteLine(repository.Value);
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateDelete(CommandTerminal terminal)
    {
        var path = PathArgument();
        var yes = new Option<bool>("--yes") { Description = "Delete it: there is no way back." };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand("delete", "Delete a repository with everything in it.", "portcullis repo delete acme/old --yes") { path, yes, json };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var installation = parseResult.Installation(terminal);
            var repository = Parse(parseResult.GetValue(path)!);
            var store = Open(installation);
            if (store.Locate(repository) is null)
            {
                throw new CommandFailedException($"There is no repository {repository}.");
            }

            if (!parseResult.GetValue(yes))
            {
                throw new CommandFailedException($"{repository} would be gone for ever. Say so with --yes.", ExitCode.Usage);
            }

            store.Delete(repository);
            await RecordAsync(installation, "repository.delete", repository, cancellationToken);
            Print(terminal, parseResult.GetValue(json), installation, store, repository, "Deleted");
            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> PathArgument() => new("REPOSITORY") { Description = "Its path without .git, as in acme/app." };

    internal static RepositoryPath Parse(string text)
        => RepositoryPath.TryParse(text, out var repository, out var problem)
            ? repository
            : throw new CommandFailedException($"'{CommandTerminal.Printable(text)}' can't be a repository: {problem}", ExitCode.Usage);

    internal static RepositoryStore Open(Installation installation) => RepositoryStore.Open(installation.GatewayOptions, installation.TimeProvider);

    private static object Describe(Installation installation, RepositoryStore store, RepositoryPath repository)
        => new { repository = repository.Value, url = $"{installation.Issuer}/{repository}.git", directory = store.Locate(repository) };

    private static void Print(CommandTerminal terminal, bool json, Installation installation, RepositoryStore store, RepositoryPath repository, string done)
    {
        if (json)
        {
            terminal.WriteJson(Describe(installation, store, repository));
        }
        else
        {
            terminal.Error.WriteLine($"{done} {repository}: {installation.Issuer}/{repository}.git");
        }
    }

    internal static async Task RecordAsync(Installation installation, string operation, RepositoryPath repository, CancellationToken cancellationToken)
    {
        using var key = installation.OpenAuditKey();
        await using var audit = await CommandAudit.OpenAsync(installation, key, cancellationToken);
        var now = installation.TimeProvider.GetUtcNow();
        await audit.AppendAsync(
            new AuditRecord
            {
                Id = AuditRecord.NewId(now),
                Time = now,
                Event = AuditEvents.Administration,
                Operation = operation,
                Outcome = AuditOutcome.Allowed,
                Repository = repository.Value,
                Subject = MachineUser.Current.Name,
                Issuer = MachineUser.Issuer,
            },
            durable: true,
            cancellationToken);
    }
}
