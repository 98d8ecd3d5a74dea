using System.CommandLine;

namespace Portcullis.Server.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    /// <summary>Which configuration.</summary>
    public static Option<string?> Config { get; } = new("--config")
    {
        Description = "The configuration file. Default: portcullis.yaml in the current folder, where there is one.",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>Data for programs.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    /// <summary>A token, on standard input.</summary>
    public static Option<string?> Token() => new("--token")
    {
        Description = "`-`: read the token from standard input. A token itself isn't taken here: arguments can be seen by everyone on the machine.",
        HelpName = "-",
    };

    /// <summary>A token, in a file.</summary>
    public static Option<string?> TokenFile() => new("--token-file") { Description = "Read the token from a file.", HelpName = "FILE" };

    /// <summary>The installation that <c>--config</c> names.</summary>
    public static Installation Installation(this ParseResult parseResult, CommandTerminal terminal)
        => Server.Installation.Load(parseResult.GetValue(Config), terminal.TimeProvider);
}
