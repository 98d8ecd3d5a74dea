namespace Portcullis.Git.SmartHttp;

/// <summary>The version of the wire protocol that a client asks for.</summary>
public enum GitProtocolVersion
{
    /// <summary>The original protocol.</summary>
    V0,

    /// <summary>Version 0 with <c>version 1</c> in front of the advertisement.</summary>
    V1,

    /// <summary>Commands: gitprotocol-v2. Git's <c>receive-pack</c> doesn't have it and falls back to version 0.</summary>
    V2,
}
