using System.CommandLine;
using System.CommandLine.Help;

namespace Portcullis.Server.Commands;

/// <summary>The program's command line: which commands there are, and how each ends.</summary>
internal static class PortcullisCommandLine
{
    /// <summary>Runs one command line to its end.</summary>
    /// <param name="arguments">The words after the program's name.</param>
    /// <param name="terminal">What the command reads and writes.</param>
    /// <param name="cancellationToken">Ends a command that runs on.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, CommandTerminal terminal, CancellationToken cancellationToken = default)
    {
        var parsed = Create(terminal).Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not { ClearsParseErrors: true })
        {
            foreach (var error in parsed.Errors)
            {
                terminal.Error.WriteLine($"portcullis: {error.Message}");
            }

            terminal.Error.WriteLine($"See `{PathTo(parsed.CommandResult)} --help`.");
            return ExitCode.Usage;
        }

        var invocation = new InvocationConfiguration
        {
            Output = terminal.Output,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (CommandFailedException exception)
        {
            terminal.Error.WriteLine($"portcullis: {exception.Message}");
            return exception.ExitCode;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Failed;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The file system's own sentence names the file; a stack trace would help nobody at a terminal.
            terminal.Error.WriteLine($"portcullis: {exception.Message}");
            return ExitCode.Failed;
        }
    }

    /// <summary>Makes the tree of commands.</summary>
    public static RootCommand Create(CommandTerminal terminal)
    {
        var root = new RootCommand("Git over HTTP that opens only to a valid, short-lived, signed token whose claims name repositories and branches.")
        {
            CommonOptions.Config,
            ServeCommand.Create(terminal),
            DemoCommand.Create(terminal),
            TokenCommand.Create(terminal),
            UserCommand.Create(terminal),
            ClientCommand.Create(terminal),
            KeyCommand.Create(terminal),
            RevokeCommand.Create(terminal),
            ExplainCommand.Create(terminal),
            PolicyCommand.Create(terminal),
            AuditCommand.Create(terminal),
            RepoCommand.Create(terminal),
            DoctorCommand.Create(terminal),
        };
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction usual } help)
            {
                help.Action = new HelpWithExamples(usual);
            }
        }

        return root;
    }

    private static string PathTo(System.CommandLine.Parsing.CommandResult? result)
    {
        var names = new Stack<string>();
        for (; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Push(result.Command is RootCommand ? "portcullis" : result.Command.Name);
        }

        return string.Join(' ', names);
    }
}
