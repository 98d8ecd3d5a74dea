namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>What a caller of <see cref="GitLauncher"/> decides about one git process.</summary>
internal sealed record GitInvocation
{
    /// <summary>The subcommand, for instance <c>upload-pack</c>: a constant.</summary>
    public required string Subcommand { get; init; }

    /// <summary>Arguments behind it: constants, and paths after <c>--</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The repository's directory, in which git is started.</summary>
    public required string Directory { get; init; }

    /// <summary>Configuration that the repository's own cannot change.</summary>
    public IReadOnlyList<(string Key, string Value)> Configuration { get; init; } = [];

    /// <summary>Further environment, as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Whether the process gets a descriptor 3, connected to the gateway.</summary>
    public bool WithControl { get; init; }

    /// <summary>Whether it gets the processor only when nothing else wants it.</summary>
    public bool HasLowPriority { get; init; }

    /// <summary>Whether the end of its input ends it cleanly, if somebody goes on reading what it writes: so it is with <c>receive-pack</c>.</summary>
    public bool EndsWithItsInput { get; init; }
}
