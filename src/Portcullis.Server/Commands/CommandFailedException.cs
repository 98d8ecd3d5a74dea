namespace Portcullis.Server.Commands;

/// <summary>A command can't do what it was asked. The message is for the person at the terminal and holds no secret.</summary>
/// <param name="message">What is the matter and what to do, in a sentence or two.</param>
/// <param name="exitCode">How the program ends: one of <see cref="ExitCode"/>.</param>
internal sealed class CommandFailedException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    /// <summary>How the program ends.</summary>
    public int ExitCode { get; } = exitCode;
}
