namespace Portcullis.Git.ReceivePack;

/// <summary>How much of a push is read before its pack.</summary>
public sealed record ReceivePackLimits
{
    /// <summary>The limits that apply when nothing else is said.</summary>
    public static ReceivePackLimits Default { get; } = new();

    /// <summary>Most commands in one push. Default 100,000: enough to mirror a large repository at once.</summary>
    public int MaxCommands { get; init; } = 100_000;

    /// <summary>Most bytes of commands, certificate and push options together. Default 32 MiB.</summary>
    public int MaxBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Most push options. Default 100: git hands each to the hooks as an environment variable.</summary>
    public int MaxPushOptions { get; init; } = 100;
}
