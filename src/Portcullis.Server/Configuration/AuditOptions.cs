using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>The audit log.</summary>
internal sealed record AuditOptions
{
    /// <summary>Its folder.</summary>
    [FilePath]
    public string Directory { get; init; } = "{data}/audit";

    /// <summary>Whether access stops when the log can't be written, a full disk included.</summary>
    public bool Required { get; init; } = true;

    /// <summary>The name of this node in the log, 1 to 63 of letters, digits, <c>_</c> and <c>-</c>. Several nodes that share the folder need different ones.</summary>
    public string Node { get; init; } = "portcullis";

    /// <summary>A file of the log that has grown beyond this is followed by a new one.</summary>
    [Size]
    [Between("64KiB", "16GiB")]
    public long MaxFileBytes { get; init; } = 256L << 20;
}
