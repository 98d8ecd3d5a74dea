namespace Portcullis.Git.Lfs;

/// <summary>A Git LFS object as a client names it.</summary>
/// <param name="Id">The id of its content.</param>
/// <param name="Size">The length of its content in bytes; zero or more.</param>
public readonly record struct LfsObject(LfsObjectId Id, long Size);
