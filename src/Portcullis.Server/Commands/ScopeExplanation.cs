using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis explain</c> for a scope of another service: as forward authentication and the registry's token endpoint would decide.</summary>
internal static class ScopeExplanation
{
    /// <summary>Shows it. 1 when it is refused.</summary>
    public static int Explain(CommandTerminal terminal, AccessPolicy policy, PermissionSet permissions, PermissionSet? ceiling, string caller, string text, bool json)
    {
        if (!ScopeWord.TryParse(text, out var asked, out var error))
        {
            throw new CommandFailedException($"{error}", ExitCode.Usage);
        }

        var (decision, lines) = ScopeDecider.Explain(permissions, policy, ceiling, asked);
        if (json)
        {
            terminal.WriteJson(new
            {
                allowed = decision.IsAllowed,
                subject = caller,
                scope = asked.ToString(),
                reason = decision.Code,
                rule = decision.Rule?.ToString(),
                considered = lines,
            });
        }
        else
        {
            terminal.WriteMark(
                decision.IsAllowed ? "allowed" : "refused",
                decision.IsAllowed ? Color.Green : Color.Red,
                decision.IsAllowed ? $"{caller}: {asked}" : $"{caller}: {asked} ({decision.Code})");
            terminal.WriteLines(lines);
        }

        return decision.IsAllowed ? ExitCode.Done : ExitCode.Failed;
    }
}
