using System.CommandLine;
using Portcullis.Server.Hosting;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis serve</c>.</summary>
internal static class ServeCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        var command = new DocumentedCommand(
            "serve", "Start the server. The first start makes keys and folders, and says so.",
            "portcullis serve", "portcullis serve --config /etc/portcullis/portcullis.yaml");
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            await using var server = await ServerHost.StartAsync(parseResult.Installation(terminal), terminal, cancellationToken);
            await server.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
