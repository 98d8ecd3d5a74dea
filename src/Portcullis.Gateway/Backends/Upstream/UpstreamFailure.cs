namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>Who failed and when, where an upstream could not be used.</summary>
internal enum UpstreamFailure
{
    /// <summary>No connection: the name is unknown, nobody listens, the proxy refuses.</summary>
    Unreachable,

    /// <summary>Its certificate is not one that this server trusts, or TLS failed otherwise.</summary>
    TlsFailed,

    /// <summary>It took too long to connect, to begin its answer, or to go on with it.</summary>
    TimedOut,

    /// <summary>The connection broke before the answer began.</summary>
    Disconnected,

    /// <summary>The connection broke in the middle of the answer.</summary>
    CutShort,

    /// <summary>This server has no credential to show.</summary>
    CredentialMissing,

    /// <summary>It did not accept the credential (401).</summary>
    CredentialRejected,

    /// <summary>It accepted the credential, and does not allow it this (403).</summary>
    Forbidden,

    /// <summary>It sends us elsewhere than to itself.</summary>
    RedirectedAway,

    /// <summary>It asks us to come later (429, 503).</summary>
    Overloaded,

    /// <summary>It answered with another status.</summary>
    UnexpectedStatus,

    /// <summary>What it answered is no Git: a web page, another content type, compressed.</summary>
    NotGit,

    /// <summary>There is no room here for what it answers.</summary>
    NoRoom,

    /// <summary>What it answered breaks Git's protocol.</summary>
    Malformed,
}
