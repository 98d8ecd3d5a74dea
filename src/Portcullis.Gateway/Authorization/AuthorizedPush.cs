using Portcullis.Git.ReceivePack;

namespace Portcullis.Gateway.Authorization;

/// <summary>A push whose every command is allowed, as far as can be told before its objects are there.</summary>
/// <param name="Request">The request that the push came in.</param>
/// <param name="Push">The push as it was read: what is inspected is what is forwarded.</param>
/// <param name="Commands">Its commands in their order.</param>
internal sealed record AuthorizedPush(AuthorizedGitRequest Request, ReceivePackRequest Push, IReadOnlyList<AuthorizedCommand> Commands)
{
    /// <summary>
    /// Whether objects must be looked at before any ref moves: a decision hangs on ancestry, or the pusher could build on what it may not see. A push that may do
    /// all that it wants is streamed straight through.
    /// </summary>
    public bool NeedsInspection =>
        Commands.Any(command => command.NeedsAncestry)
        || (!Request.SeesEveryRef && Commands.Any(command => !command.Command.New.IsZero && Request.IsVisible(command.Name)));
}
