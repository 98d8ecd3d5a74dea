namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>A git program to start: made by <see cref="GitLauncher"/> alone.</summary>
internal sealed record GitCommand
{
    /// <summary>Absolute path of the program.</summary>
    public required string Program { get; init; }

    /// <summary>The arguments, the program's own name first.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The whole environment, as <c>NAME=value</c>.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>The directory it starts in.</summary>
    public required string Directory { get; init; }

    /// <summary>Whether the child gets a descriptor 3, connected to the gateway.</summary>
    public bool WithControl { get; init; }

    /// <summary>Whether it gets the processor only when nothing else wants it.</summary>
    public bool HasLowPriority { get; init; }

    /// <summary>Whether the end of its input ends it cleanly, if somebody goes on reading what it writes: so it is with <c>receive-pack</c>.</summary>
    public bool EndsWithItsInput { get; init; }
}
