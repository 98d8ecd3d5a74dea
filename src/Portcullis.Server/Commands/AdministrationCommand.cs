using System.CommandLine;
using Portcullis.Audit;
using Portcullis.Authority;
using Portcullis.Server.Administration;

namespace Portcullis.Server.Commands;

/// <summary>What the commands that change users, clients and keys have in common: open, change, record, say so.</summary>
internal static class AdministrationCommand
{
    /// <summary>Makes one change and records it.</summary>
    /// <typeparam name="T">What comes of it.</typeparam>
    /// <param name="parseResult">The command line.</param>
    /// <param name="terminal">The terminal.</param>
    /// <param name="operation">The audit's word for it.</param>
    /// <param name="target">To whom or what.</param>
    /// <param name="change">Does it.</param>
    /// <param name="print">Says what came of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<int> ChangeAsync<T>(
        ParseResult parseResult, CommandTerminal terminal, string operation, string target, Func<LocalAuthority, Task<AdministrationResult<T>>> change, Action<T> print,
        CancellationToken cancellationToken)
        where T : class
    {
        await using var authority = await LocalAuthority.OpenAsync(parseResult.Installation(terminal), cancellationToken);
        var result = await GuardAsync(() => change(authority));
        if (!result.Succeeded)
        {
            throw new CommandFailedException(result.Problem);
        }

        await GuardAsync(async () =>
        {
            await authority.Audit.RecordAsync(operation, target, cancellationToken: CancellationToken.None);
            return true;
        });
        print(result.Value);
        return ExitCode.Done;
    }

    /// <summary>Looks, and shows what there is.</summary>
    public static async Task<int> ReadAsync(
        ParseResult parseResult, CommandTerminal terminal, Func<LocalAuthority, Task> show, CancellationToken cancellationToken)
    {
        await using var authority = await LocalAuthority.OpenToReadAsync(parseResult.Installation(terminal), cancellationToken);
        await GuardAsync(async () =>
        {
            await show(authority);
            return true;
        });
        return ExitCode.Done;
    }

    /// <summary>A point in time in a table.</summary>
    public static string Time(DateTimeOffset? time) => time is { } known ? known.UtcDateTime.ToString("u", System.Globalization.CultureInfo.InvariantCulture) : "";

    /// <summary>Turns what a database or the audit log says of itself into a sentence: its stack would help nobody at a terminal.</summary>
    public static async Task<T> GuardAsync<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (AuditUnavailableException exception)
        {
            throw new CommandFailedException($"It was done, and the audit log could not be written: {exception.Message}");
        }
        catch (Exception exception) when (LocalAuthority.IsDatabaseProblem(exception))
        {
            throw new CommandFailedException($"The database can't be used: {(exception.InnerException ?? exception).Message}");
        }
    }
}
