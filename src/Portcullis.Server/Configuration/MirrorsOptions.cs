using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>What is kept of upstreams' repositories to decide by.</summary>
internal sealed record MirrorsOptions
{
    /// <summary>Their folder, which no other process writes into.</summary>
    [FilePath]
    public string Directory { get; init; } = "{data}/mirrors";

    /// <summary>How much they may take in all; those that were longest not used go first. 0: any amount.</summary>
    [Size]
    [Between("16MiB", "1000TiB", OrZero = true)]
    public long MaxBytes { get; init; } = 20L << 30;
}
