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
}
