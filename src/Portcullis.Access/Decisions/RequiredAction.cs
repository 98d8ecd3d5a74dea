using Portcullis.Git.Names;

namespace Portcullis.Access.Decisions;

/// <summary>Which action a change of an existing ref needs.</summary>
public static class RequiredAction
{
    /// <summary>
    /// The action for moving a ref from one object to another. Under <c>refs/tags/</c> every move is <see cref="AccessAction.Force"/>, as for git itself
    /// (git-push(1), on refspecs: tags are not updated without force). Elsewhere a fast-forward is <see cref="AccessAction.Update"/> and everything else,
    /// what cannot be proved to be one included, is <see cref="AccessAction.Force"/>.
    /// </summary>
    /// <param name="reference">The ref.</param>
    /// <param name="isFastForward">Whether the new object is proved to descend from the old one.</param>
    public static AccessAction ForMove(RefName reference, bool isFastForward) =>
        isFastForward && !reference.IsTag ? AccessAction.Update : AccessAction.Force;
}
