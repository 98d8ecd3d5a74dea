using System.CommandLine;
using Portcullis.Gateway.Backends.Host.Maintenance;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git.Names;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis repo maintain</c>.</summary>
internal static class RepoMaintainCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        var path = new Argument<string?>("REPOSITORY") { Description = "Its path without .git, as in acme/app.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Maintain every repository." };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "maintain",
            "Pack a repository's objects and refs, write its bitmap and commit-graph, and let Git LFS objects go to which nothing in it has pointed for two weeks. The server does it by itself where it is needed (repositories.maintenanceInterval).",
            "portcullis repo maintain acme/app",
            "portcullis repo maintain --all")
        {
            path, all, json,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var installation = parseResult.Installation(terminal);
            var repositories = Chosen(installation, parseResult.GetValue(path), parseResult.GetValue(all));
            var maintenance = RepositoryMaintenance.Open(installation.GatewayOptions, installation.TimeProvider);
            List<Result> results = [];
            foreach (var repository in repositories)
            {
                var result = await MaintainAsync(installation, maintenance, repository, cancellationToken);
                results.Add(result);
                if (!parseResult.GetValue(json))
                {
                    terminal.Error.WriteLine($"{repository}: {CommandTerminal.Printable(result.Problem ?? (!result.Maintained ? "somebody else is at it" : result.LfsObjectsRemoved == 0 ? "maintained" : $"maintained; Git LFS objects that nothing pointed to any more: {result.LfsObjectsRemoved}"))}");
                }
            }

            if (parseResult.GetValue(json))
            {
                terminal.WriteJson(results);
            }

            return results.TrueForAll(result => result.Problem is null) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static IReadOnlyList<RepositoryPath> Chosen(Installation installation, string? path, bool all)
    {
        if (path is null != all)
        {
            throw new CommandFailedException("Name a repository, or say --all.", ExitCode.Usage);
        }

        var store = RepoCommand.Open(installation);
        if (path is null)
        {
            return store.List();
        }

        var repository = RepoCommand.Parse(path);
        return store.Locate(repository) is null ? throw new CommandFailedException($"There is no repository {repository}.") : [repository];
    }

    private static async Task<Result> MaintainAsync(
        Installation installation, RepositoryMaintenance maintenance, RepositoryPath repository, CancellationToken cancellationToken)
    {
        try
        {
            var maintained = await maintenance.MaintainAsync(repository, cancellationToken);
            if (maintained is not null)
            {
                await RepoCommand.RecordAsync(installation, "repository.maintain", repository, cancellationToken);
            }

            return new(repository.Value, maintained is not null, maintained?.LfsObjectsRemoved ?? 0, null);
        }
        catch (GitFailedException exception)
        {
            return new(repository.Value, false, 0, exception.Message);
        }
    }

    /// <summary>What became of one repository.</summary>
    private sealed record Result(string Repository, bool Maintained, int LfsObjectsRemoved, string? Problem);
}
