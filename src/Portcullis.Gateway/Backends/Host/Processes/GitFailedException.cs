namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>git could not do what it was started for. The text is for the log alone: it may name what a caller may not know.</summary>
public sealed class GitFailedException(string subcommand, int? exitCode, string errorText)
    : Exception($"git {subcommand} failed{(exitCode is { } code ? $" with exit code {code}" : string.Empty)}: {errorText.TrimEnd()}")
{
    /// <summary>git's exit code; null when it was stopped.</summary>
    public int? ExitCode { get; } = exitCode;
}
