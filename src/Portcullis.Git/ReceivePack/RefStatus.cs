namespace Portcullis.Git.ReceivePack;

/// <summary>What became of one ref of a push: a line <c>ok</c> or <c>ng</c> and, in report-status-v2, the options behind an <c>ok</c>.</summary>
/// <param name="RefName">The name, exactly as the client sent it.</param>
/// <param name="IsOk">Whether the ref was changed.</param>
/// <param name="Reason">Why not: short, without newline. Null when the ref was changed, or when the server gave no reason.</param>
public sealed record RefStatus(string RefName, bool IsOk, string? Reason)
{
    /// <summary>The ref that was changed instead (<c>option refname</c>), or null.</summary>
    public string? ActualRefName { get; init; }

    /// <summary>Its id before, when it isn't what the client sent (<c>option old-oid</c>), or null.</summary>
    public ObjectId? ActualOld { get; init; }

    /// <summary>Its id after, when it isn't what the client sent (<c>option new-oid</c>), or null.</summary>
    public ObjectId? ActualNew { get; init; }

    /// <summary>Whether the update was not a fast-forward (<c>option forced-update</c>).</summary>
    public bool IsForcedUpdate { get; init; }

    /// <summary>A ref that was changed.</summary>
    /// <param name="refName">The name as the client sent it.</param>
    /// <returns>An <c>ok</c> line.</returns>
    public static RefStatus Ok(string refName) => new(refName, true, null);

    /// <summary>A ref that was not changed.</summary>
    /// <param name="refName">The name as the client sent it.</param>
    /// <param name="reason">Why, in a few words: git shows <c>! [remote rejected] main -> main (reason)</c>.</param>
    /// <returns>An <c>ng</c> line.</returns>
    public static RefStatus Rejected(string refName, string reason) => new(refName, false, reason);
}
