namespace Portcullis.Gateway.Backends.Host.Visibility;

/// <summary>What a walk through history counts.</summary>
internal enum ObjectWalk
{
    /// <summary>Commits alone: enough for what a client says it has.</summary>
    Commits,

    /// <summary>Commits, trees, blobs and tags.</summary>
    Objects,

    /// <summary>The Git LFS objects that blobs point to.</summary>
    Pointers,
}
