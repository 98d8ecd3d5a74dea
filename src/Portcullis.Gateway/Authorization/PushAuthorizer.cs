using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Gateway.Refusals;
using Portcullis.Git.ReceivePack;

namespace Portcullis.Gateway.Authorization;

/// <summary>Step 3, its second look: each ref that a push names, after the command list and before the pack.</summary>
internal static class PushAuthorizer
{
    /// <summary>Decides. Exactly one of the results is not null. One command that is not allowed refuses all.</summary>
    public static (AuthorizedPush? Push, Refusal? Refusal) Authorize(AuthorizedGitRequest request, ReceivePackRequest push)
    {
        var commands = new List<AuthorizedCommand>(push.Commands.Length);
        List<(ReceivePackCommand Command, AccessAction Action, Decision? Decision)>? refused = null;
        foreach (var command in push.Commands)
        {
            if (command.Name is not { } name)
            {
                (refused ??= []).Add((command, ActionOf(command), null));
                continue;
            }

            Decision update = default;
            Decision force = default;
            Decision decision;
            if (command.Kind == ReceivePackCommandKind.Update)
            {
                update = request.Decide(RequiredAction.ForMove(name, isFastForward: true), name);
                force = request.Decide(RequiredAction.ForMove(name, isFastForward: false), name);
                decision = update.IsAllowed ? update : force.IsAllowed ? force : update;
            }
            else
            {
                decision = request.Decide(ActionOf(command), name);
            }

            if (decision.IsAllowed)
            {
                commands.Add(new AuthorizedCommand(command, name, update, force));
            }
            else
            {
                (refused ??= []).Add((command, ActionOf(command), decision));
            }
        }

        return refused is null
            ? (new AuthorizedPush(request, push, commands), null)
            : (null, RefusalTexts.RefsNotAllowed(request, push, refused));
    }

    private static AccessAction ActionOf(ReceivePackCommand command) => command.Kind switch
    {
        ReceivePackCommandKind.Create => AccessAction.Create,
        ReceivePackCommandKind.Delete => AccessAction.Delete,
        _ => command.Name is { IsTag: true } ? AccessAction.Force : AccessAction.Update,
    };
}
