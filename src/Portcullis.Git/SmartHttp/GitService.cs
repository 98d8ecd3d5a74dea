namespace Portcullis.Git.SmartHttp;

/// <summary>The two services of smart HTTP (gitprotocol-http "Smart Clients").</summary>
public enum GitService
{
    /// <summary><c>git-upload-pack</c>: sends objects to the client.</summary>
    UploadPack,

    /// <summary><c>git-receive-pack</c>: takes objects from the client.</summary>
    ReceivePack,
}
