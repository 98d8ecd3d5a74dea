using Portcullis.Git.ReceivePack;

namespace Portcullis.Gateway.Authorization;

/// <summary>A push whose every command is allowed, as far as can be told before its objects are there.</summary>
/// <param name="Request">The request that the push came in.</param>
/// <param name="Push">The push as it was read: what is inspected is what is forwarded.</param>
/// <param name="Commands">Its commands in their order.</param>
internal sealed record AuthorizedPush(AuthorizedGitRequest Request, ReceivePackRequest Push, IReadOnlyList<AuthorizedCommand> Commands);
