namespace Portcullis.Git.PktLines;

/// <summary>What a pkt-line is (gitprotocol-common, gitprotocol-v2 "Packet-Line Framing").</summary>
public enum PktLineKind
{
    /// <summary>A line with a payload, which may be empty (<c>0004</c>).</summary>
    Data,

    /// <summary><c>0000</c>: the end of a message.</summary>
    Flush,

    /// <summary><c>0001</c>: separates the sections of a message.</summary>
    Delim,

    /// <summary><c>0002</c>: the end of a response over a stateless connection.</summary>
    ResponseEnd,
}
