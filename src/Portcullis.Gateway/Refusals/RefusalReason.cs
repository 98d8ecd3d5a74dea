namespace Portcullis.Gateway.Refusals;

/// <summary>Why a request is refused: one value for each case of the table in docs/spec/http.md.</summary>
internal enum RefusalReason
{
    /// <summary>No credential came with the request.</summary>
    CredentialMissing,

    /// <summary>The credential can't be read, or there are several: nothing in it was looked at.</summary>
    CredentialMalformed,

    /// <summary>The token is not valid; its own code says why.</summary>
    TokenInvalid,

    /// <summary>The repository does not exist, or the token does not open it: the caller can't tell which.</summary>
    RepositoryNotFound,

    /// <summary>The token opens the repository, but not for this action.</summary>
    ActionNotAllowed,

    /// <summary>Some refs of a push are not allowed; nothing was changed.</summary>
    RefsNotAllowed,

    /// <summary>An object was asked for that no ref visible to the caller reaches, or that does not exist.</summary>
    ObjectNotFound,

    /// <summary>The path is not one that a repository can have.</summary>
    PathInvalid,

    /// <summary>Nothing is served at this path.</summary>
    PathUnknown,

    /// <summary>The dumb HTTP protocol, which bypasses every rule by ref.</summary>
    DumbHttp,

    /// <summary>Another HTTP method than the path takes.</summary>
    MethodNotAllowed,

    /// <summary>A body of another kind than the path takes.</summary>
    ContentTypeWrong,

    /// <summary>The request is no well-formed Git request.</summary>
    ProtocolError,

    /// <summary>The request exceeds a limit.</summary>
    TooLarge,

    /// <summary>Too many requests in a minute.</summary>
    TooManyRequests,

    /// <summary>As many Git operations run as may, and none ended in time.</summary>
    Busy,

    /// <summary>The keys of the token's issuer can't be had now, so nothing can be said of the token.</summary>
    KeysUnavailable,

    /// <summary>The audit log can't be written, and access needs it.</summary>
    AuditUnavailable,

    /// <summary>The credential of a Git LFS transfer is missing, not valid, or for something else. No 401: git-lfs would ask the same again without end.</summary>
    TransferRefused,

    /// <summary>A Git LFS object that does not exist, or that the caller may not know.</summary>
    LfsObjectNotFound,

    /// <summary>A body of Git LFS that is not as documented, or an object that is not what its name says.</summary>
    LfsUnprocessable,

    /// <summary>Git LFS objects named by another hash than SHA-256.</summary>
    LfsHashAlgorithm,

    /// <summary>A part of a Git LFS object that it does not have.</summary>
    RangeNotSatisfiable,

    /// <summary>A lock that does not exist, or that the caller may not know.</summary>
    LockNotFound,

    /// <summary>A lock on a file that is locked already.</summary>
    LockExists,

    /// <summary>There is no room for what was sent.</summary>
    StorageFull,

    /// <summary>git could not do it.</summary>
    BackendFailed,

    /// <summary>The server behind this one can't be used.</summary>
    UpstreamFailed,

    /// <summary>The server behind this one took too long.</summary>
    UpstreamTimedOut,

    /// <summary>The server behind this one asks to be left alone for a while.</summary>
    UpstreamOverloaded,
}
