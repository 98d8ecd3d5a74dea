using System.CommandLine;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis token</c>.</summary>
internal static class TokenCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal) => new("token", "Issue tokens on this machine, and look into them.")
    {
        TokenIssueCommand.Create(terminal),
        TokenInspectCommand.Create(terminal),
    };
}
