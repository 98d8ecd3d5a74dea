namespace Portcullis.Git;

/// <summary>The hash function that names the objects of a repository (gitformat-index, <c>extensions.objectFormat</c>).</summary>
public enum ObjectFormat
{
    /// <summary>SHA-1: 20 bytes, 40 hexadecimal digits; what a peer means that names no <c>object-format</c>.</summary>
    Sha1,

    /// <summary>SHA-256: 32 bytes, 64 hexadecimal digits.</summary>
    Sha256,
}
