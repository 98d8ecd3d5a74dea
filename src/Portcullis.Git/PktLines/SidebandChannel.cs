namespace Portcullis.Git.PktLines;

/// <summary>What a side-band packet carries: its first byte (gitprotocol-pack "Packfile Data").</summary>
public enum SidebandChannel
{
    /// <summary>The pack, or the report of a push.</summary>
    Pack = 1,

    /// <summary>Messages for the user; git shows each line as <c>remote: …</c>.</summary>
    Progress = 2,

    /// <summary>A fatal error; git shows it and stops.</summary>
    Error = 3,
}
