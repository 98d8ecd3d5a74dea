using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Git.Names;
using Portcullis.Git.ReceivePack;

namespace Portcullis.Gateway.Authorization;

/// <summary>One command of a push that may be carried out, save for what only the pushed objects can tell.</summary>
/// <param name="Command">The command.</param>
/// <param name="Name">Its ref.</param>
/// <param name="Update">For a move: whether it is allowed if it is a fast-forward.</param>
/// <param name="Force">For a move: whether it is allowed if it is none.</param>
internal sealed record AuthorizedCommand(ReceivePackCommand Command, RefName Name, Decision Update, Decision Force)
{
    /// <summary>Whether an existing ref is moved.</summary>
    public bool IsMove => Command.Kind == ReceivePackCommandKind.Update;

    /// <summary>Whether the decision hangs on ancestry, which must be proved before any ref moves.</summary>
    public bool NeedsAncestry => IsMove && Update.IsAllowed != Force.IsAllowed;

    /// <summary>The decision, now that ancestry is known.</summary>
    public Decision DecisionFor(bool isFastForward) =>
        RequiredAction.ForMove(Name, isFastForward) == AccessAction.Update ? Update : Force;
}
