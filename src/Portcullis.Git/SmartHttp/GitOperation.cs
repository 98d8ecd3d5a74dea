namespace Portcullis.Git.SmartHttp;

/// <summary>What a request asks of the server.</summary>
public enum GitOperation
{
    /// <summary><c>GET …/info/refs?service=…</c>: the refs, or the capabilities, of a service.</summary>
    Discover,

    /// <summary><c>POST …/git-upload-pack</c>.</summary>
    Fetch,

    /// <summary><c>POST …/git-receive-pack</c>.</summary>
    Push,

    /// <summary><c>POST …/info/lfs/objects/batch</c>: where Git LFS objects are to be had, or to be brought.</summary>
    LfsBatch,

    /// <summary><c>GET …/info/lfs/objects/&lt;oid&gt;</c>.</summary>
    LfsDownload,

    /// <summary><c>PUT …/info/lfs/objects/&lt;oid&gt;</c>.</summary>
    LfsUpload,

    /// <summary><c>POST …/info/lfs/objects/&lt;oid&gt;/verify</c>: whether an upload arrived.</summary>
    LfsVerify,

    /// <summary><c>GET …/info/lfs/locks</c>.</summary>
    LfsListLocks,

    /// <summary><c>POST …/info/lfs/locks/verify</c>: the locks that bear upon a push.</summary>
    LfsVerifyLocks,

    /// <summary><c>POST …/info/lfs/locks</c>.</summary>
    LfsLock,

    /// <summary><c>POST …/info/lfs/locks/&lt;id&gt;/unlock</c>.</summary>
    LfsUnlock,
}
