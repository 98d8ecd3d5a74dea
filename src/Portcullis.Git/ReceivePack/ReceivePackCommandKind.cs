namespace Portcullis.Git.ReceivePack;

/// <summary>What a command does to its ref (gitprotocol-pack "Reference Update Request").</summary>
public enum ReceivePackCommandKind
{
    /// <summary>The old id is zero.</summary>
    Create,

    /// <summary>Neither id is zero: a fast-forward or a forced update, which only ancestry tells.</summary>
    Update,

    /// <summary>The new id is zero.</summary>
    Delete,
}
