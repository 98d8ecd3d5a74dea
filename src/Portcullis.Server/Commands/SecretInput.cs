namespace Portcullis.Server.Commands;

/// <summary>Reads secrets from where they may be: standard input or a file, never an argument.</summary>
internal static class SecretInput
{
    private const int MaxCharacters = 1 << 20;

    /// <summary>The token that the options name, without white space around it.</summary>
    /// <param name="terminal">Standard input.</param>
    /// <param name="token">The value of <c>--token</c>.</param>
    /// <param name="tokenFile">The value of <c>--token-file</c>.</param>
    /// <exception cref="CommandFailedException">Both are given, or the value isn't <c>-</c>, or there is nothing.</exception>
    public static string? ReadToken(CommandTerminal terminal, string? token, string? tokenFile)
    {
        if (token is not null && tokenFile is not null)
        {
            throw new CommandFailedException("--token and --token-file exclude each other.", ExitCode.Usage);
        }

        return token switch
        {
            "-" => ReadStandardInput(terminal),
            null => tokenFile is null ? null : ReadFile(tokenFile),
            _ => throw new CommandFailedException(
                "A token is not taken as an argument, where everyone on the machine can see it. Give it on standard input (--token -) or in a file (--token-file FILE).", ExitCode.Usage),
        };
    }

    /// <summary>Standard input to its end.</summary>
    public static string ReadStandardInput(CommandTerminal terminal) => Read(terminal.Input, "Standard input holds no token.");

    /// <summary>A file's content.</summary>
    public static string ReadFile(string path)
    {
        using var reader = new StreamReader(path);
        return Read(reader, $"{path} holds no token.");
    }

    private static string Read(TextReader reader, string problem)
    {
        var buffer = new char[MaxCharacters];
        var length = reader.ReadBlock(buffer);
        var text = new string(buffer, 0, length).Trim();
        return text.Length > 0 ? text : throw new CommandFailedException(problem);
    }
}
