namespace Portcullis.Gateway.Backends.Upstream.Mirrors;

/// <summary>How much of an upstream's repository its mirror here holds.</summary>
internal enum MirrorLevel
{
    /// <summary>Commits and annotated tags: enough to tell ancestry, and a small part of the whole.</summary>
    Commits,

    /// <summary>Trees and blobs, too: needed to tell who reaches those.</summary>
    Objects,
}
