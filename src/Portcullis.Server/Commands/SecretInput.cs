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

    /// <summary>The password that the options name; null when they name none.</summary>
    /// <param name="terminal">Standard input.</param>
    /// <param name="password">The value of <c>--password</c>.</param>
    /// <param name="passwordFile">The value of <c>--password-file</c>.</param>
    public static string? ReadPassword(CommandTerminal terminal, string? password, string? passwordFile) => (password, passwordFile) switch
    {
        (not null, not null) => throw new CommandFailedException("--password and --password-file exclude each other.", ExitCode.Usage),
        ("-", _) => ReadStandardInput(terminal, "password"),
        (not null, _) => throw new CommandFailedException(
            "A password is not taken as an argument, where everyone on the machine can see it. Give it on standard input (--password -) or in a file (--password-file FILE).", ExitCode.Usage),
        _ => passwordFile is null ? null : ReadFile(passwordFile, "password"),
    };

    /// <summary>Standard input to its end.</summary>
    public static string ReadStandardInput(CommandTerminal terminal, string what = "token") => Read(terminal.Input, $"Standard input holds no {what}.");

    /// <summary>A file's content.</summary>
    public static string ReadFile(string path, string what = "token")
    {
        using var reader = new StreamReader(path);
        return Read(reader, $"{path} holds no {what}.");
    }

    private static string Read(TextReader reader, string problem)
    {
        var buffer = new char[MaxCharacters];
        var length = reader.ReadBlock(buffer);
        var text = new string(buffer, 0, length).Trim();
        return text.Length > 0 ? text : throw new CommandFailedException(problem);
    }
}
