namespace Portcullis.Server.Commands;

/// <summary>How every command ends.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Refused, or failed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage: an unknown option, a missing argument, a value that can't be read.</summary>
    public const int Usage = 2;
}
