namespace Portcullis.Git.Lfs;

/// <summary>The body of <c>POST …/info/lfs/locks</c>, which makes a lock (git-lfs, docs/api/locking.md).</summary>
/// <param name="Path">The file, relative to the root of the working tree, with forward slashes.</param>
/// <param name="Reference">The ref that the client says the lock belongs to, unchecked; null where it names none.</param>
public sealed record LfsLockRequest(string Path, string? Reference)
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="LfsFormatException">It is no such request.</exception>
    public static LfsLockRequest Parse(ReadOnlySpan<byte> utf8)
    {
        var json = LfsJson.ParseObject(utf8);
        var path = LfsJson.RequiredText(json, "path", LfsLockPath.MaxLength);
        return LfsLockPath.IsValid(path)
            ? new LfsLockRequest(path, LfsJson.Reference(json))
            : throw LfsFormatException.Malformed("The path must be that of a file below the root of the working tree, with forward slashes.");
    }
}

/// <summary>The body of <c>POST …/info/lfs/locks/&lt;id&gt;/unlock</c>.</summary>
/// <param name="Force">Whether the lock may be another's.</param>
/// <param name="Reference">The ref that the client names, unchecked. The lock's own ref is the one that counts.</param>
public sealed record LfsUnlockRequest(bool Force, string? Reference)
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="LfsFormatException">It is no such request.</exception>
    public static LfsUnlockRequest Parse(ReadOnlySpan<byte> utf8)
    {
        var json = LfsJson.ParseObject(utf8);
        return new LfsUnlockRequest(LfsJson.Flag(json, "force"), LfsJson.Reference(json));
    }
}

/// <summary>The body of <c>POST …/info/lfs/locks/verify</c>, which asks for the locks that bear upon a push.</summary>
/// <param name="Reference">The ref that is to be pushed, unchecked; null where the client names none.</param>
/// <param name="Cursor">Where to go on; null for the beginning.</param>
/// <param name="Limit">How many locks to give at most; null for the server's own number.</param>
public sealed record LfsVerifyLocksRequest(string? Reference, string? Cursor, long? Limit)
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="LfsFormatException">It is no such request.</exception>
    public static LfsVerifyLocksRequest Parse(ReadOnlySpan<byte> utf8)
    {
        var json = LfsJson.ParseObject(utf8);
        return new LfsVerifyLocksRequest(
            LfsJson.Reference(json),
            LfsJson.Text(json, "cursor", LfsLockQuery.MaxCursorLength) is { Length: > 0 } cursor ? cursor : null,
            LfsJson.Number(json, "limit"));
    }
}

/// <summary>The body of a verification of an upload (git-lfs, docs/api/basic-transfers.md).</summary>
public static class LfsVerifyRequest
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="LfsFormatException">It is no such request.</exception>
    public static LfsObject Parse(ReadOnlySpan<byte> utf8) => LfsJson.Object(LfsJson.ParseObject(utf8));
}
