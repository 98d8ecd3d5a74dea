namespace Portcullis.Git.Lfs;

/// <summary>Why a body is no request of the Git LFS API.</summary>
public enum LfsProblem
{
    /// <summary>It is no JSON object of the form that is documented.</summary>
    Malformed,

    /// <summary>It names more objects than are answered at once.</summary>
    TooManyObjects,

    /// <summary>It names objects by another hash than SHA-256.</summary>
    HashAlgorithm,
}
