namespace Portcullis.Access;

/// <summary>What may be done in a repository, or is asked for. The words and their meaning are those of <c>docs/spec/permissions.md</c>.</summary>
[Flags]
public enum AccessAction
{
    /// <summary>Nothing; asking for it is always refused.</summary>
    None = 0,

    /// <summary>See the ref and fetch what it reaches.</summary>
    Pull = 1,

    /// <summary>Make a ref that does not exist.</summary>
    Create = 2,

    /// <summary>Fast-forward an existing ref outside <c>refs/tags/</c>.</summary>
    Update = 4,

    /// <summary>Any other update of an existing ref: not a fast-forward, or a tag moved. It does not include <see cref="Update"/>.</summary>
    Force = 8,

    /// <summary>Delete a ref.</summary>
    Delete = 16,

    /// <summary>The repository may be created by pushing to it. A matter of the repository: ref patterns do not limit it.</summary>
    Init = 32,

    /// <summary>The word <c>push</c>: <see cref="Create"/> and <see cref="Update"/>.</summary>
    Push = Create | Update,
}
