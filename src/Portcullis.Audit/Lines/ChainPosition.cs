namespace Portcullis.Audit.Lines;

/// <summary>Where a chain stands.</summary>
/// <param name="Count">Lines in the chain.</param>
/// <param name="Hash">The hash of the last one, in hex digits.</param>
/// <param name="LinesSinceCheckpoint">How many of them came after the last checkpoint.</param>
internal readonly record struct ChainPosition(long Count, ReadOnlyMemory<byte> Hash, int LinesSinceCheckpoint)
{
    /// <summary>Before the first line.</summary>
    public static ChainPosition Start { get; } = new(0, LineHash.Zero.ToArray(), 0);
}
