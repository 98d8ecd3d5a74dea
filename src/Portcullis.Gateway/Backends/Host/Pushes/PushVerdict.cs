using Portcullis.Access;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Refusals;
using Portcullis.Git;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>Judges a push by its objects, while they wait in quarantine and before any ref moves.</summary>
/// <param name="push">The push.</param>
/// <param name="inspector">Looks into the quarantine.</param>
/// <param name="visibleTips">The values of the refs that the pusher may pull, before the push.</param>
/// <param name="arePointersKnown">Whether the pushed Git LFS pointers all point to what the pusher may know.</param>
internal sealed class PushVerdict(
    AuthorizedPush push, QuarantineInspector inspector, IReadOnlySet<ObjectId> visibleTips, Func<CancellationToken, Task<bool>> arePointersKnown)
{
    /// <summary>What is known of each move: whether it is a fast-forward.</summary>
    public Dictionary<AuthorizedCommand, bool> FastForwards { get; } = [];

    /// <summary>Judges. Null lets the push go on.</summary>
    /// <param name="sentObjects">How many objects the client sent.</param>
    /// <param name="cancellationToken">Ends the inspection.</param>
    public async Task<Refusal?> JudgeAsync(long sentObjects, CancellationToken cancellationToken) =>
        await JudgeAncestryAsync(cancellationToken) ?? await JudgeConnectivityAsync(sentObjects, cancellationToken);

    private async Task<Refusal?> JudgeAncestryAsync(CancellationToken cancellationToken)
    {
        List<AuthorizedCommand> refused = [];
        foreach (var command in push.Commands.Where(command => command.NeedsAncestry))
        {
            var isFastForward = await inspector.IsFastForwardAsync(command.Command.Old, command.Command.New, cancellationToken);
            FastForwards[command] = isFastForward;
            if (!command.DecisionFor(isFastForward).IsAllowed)
            {
                refused.Add(command);
            }
        }

        if (refused.Count == 0)
        {
            return null;
        }

        var first = refused[0];
        var isFirstFastForward = FastForwards[first];
        return RefusalTexts.PushRefused(
            push.Request,
            push.Push,
            [.. push.Commands.Select(command => refused.Contains(command) ? Refused(command, FastForwards[command]) : RefusalTexts.Bystander(command.Command))],
            isFirstFastForward ? AccessAction.Update : AccessAction.Force,
            first.DecisionFor(isFirstFastForward));
    }

    private async Task<Refusal?> JudgeConnectivityAsync(long sentObjects, CancellationToken cancellationToken)
    {
        if (push.Request.SeesEveryRef)
        {
            return null;
        }

        // What lands on a ref that the pusher may not pull can't be fetched by it, so it is no way to read what is hidden.
        var readable = push.Commands
            .Where(command => !command.Command.New.IsZero && push.Request.IsVisible(command.Name))
            .ToList();
        if (readable.Count == 0)
        {
            return null;
        }

        if (!await inspector.AreBasesVisibleAsync(sentObjects, visibleTips, cancellationToken)
            || !await inspector.IsConnectedAsync([.. readable.Select(command => command.Command.New)], visibleTips, cancellationToken))
        {
            return Refused(readable, "objects_not_visible", "it builds on objects that no ref you may pull reaches");
        }

        return await arePointersKnown(cancellationToken)
            ? null
            : Refused(readable, "lfs_object_not_held", "it points to Git LFS objects that you have not uploaded, and that no ref you may pull points to");
    }

    private Refusal Refused(IReadOnlyList<AuthorizedCommand> readable, string code, string reason) => RefusalTexts.PushRefused(
        push.Request,
        push.Push,
        [.. push.Commands.Select(command => readable.Contains(command)
            ? new ReferenceRefusal(command.Command, RefusalTexts.WordFor(command.Command), code, reason, IsCause: true)
            : RefusalTexts.Bystander(command.Command))],
        AccessAction.Pull,
        decision: null);

    private static ReferenceRefusal Refused(AuthorizedCommand command, bool isFastForward)
    {
        var decision = command.DecisionFor(isFastForward);
        if (isFastForward)
        {
            return new(command.Command, "update", decision.Code, RefusalTexts.ShortReason(AccessAction.Update, decision), IsCause: true);
        }

        var reason = command.Name.IsTag ? "moving a tag is " : "not a fast-forward: ";
        return new(command.Command, "force", decision.Code, reason + RefusalTexts.ShortReason(AccessAction.Force, decision), IsCause: true);
    }
}
