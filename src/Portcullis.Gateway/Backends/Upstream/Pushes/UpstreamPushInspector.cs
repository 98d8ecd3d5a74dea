using Microsoft.Extensions.Logging;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.Pushes;
using Portcullis.Gateway.Backends.Host.Visibility;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Gateway.Backends.Upstream.Mirrors;
using Portcullis.Gateway.Refusals;
using Portcullis.Git.Advertisements;

namespace Portcullis.Gateway.Backends.Upstream.Pushes;

/// <summary>
/// Judges a push by its objects before any byte of it reaches the upstream: the pack waits in a quarantine here, and the history behind it is known from the mirror.
/// </summary>
/// <remarks>
/// The old value that a command names is what is proved from, and the upstream moves the ref from that value or not at all: a ref that moves meanwhile makes the push
/// fail there, and never succeed unproved.
/// </remarks>
internal sealed partial class UpstreamPushInspector(
    GitLauncher git,
    GitProcessLimiter limiter,
    MirrorStore mirrors,
    UpstreamRefs refs,
    ReachableObjects reachable,
    PushedPointers pointers,
    LfsFolders lfsFolders,
    QuarantineFolders folders,
    GatewayOptions options,
    ILogger<UpstreamPushInspector> logger)
{
    /// <summary>Receives the pack and judges the push. A refusal is null where it may be handed on.</summary>
    /// <param name="site">The upstream.</param>
    /// <param name="push">The push.</param>
    /// <param name="current">The upstream's refs, as it offers them for pushes.</param>
    public async Task<(InspectedPush? Inspected, Refusal? Refusal)> InspectAsync(UpstreamSite site, AuthorizedPush push, RefSnapshot current)
    {
        var request = push.Request;
        if (await refs.FactsAsync(site, request.Repository, request.Ended) is not { } facts)
        {
            return (null, RefusalTexts.PushNotProvable(request, push.Push, "the server behind does not let this server read the repository"));
        }

        using var slot = await limiter.AcquireAsync(request.Ended);
        if (slot is null)
        {
            return (null, RefusalTexts.Busy());
        }

        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(request.Ended);
        stopped.CancelAfter(options.GitProcessTimeout);
        QuarantinedPack? pack = null;
        try
        {
            var tips = current.ForPush(request).Entries.Where(entry => entry.Id is not null).Select(entry => entry.Id!.Value);
            using var mirror = await mirrors.GetAsync(site, request.Repository, facts, tips, LevelFor(push), stopped.Token);
            pack = await QuarantinedPack.ReceiveAsync(
                git, folders.Make(), request.Request.Body.Reader, mirror.Directory, options.MaxPushBytes, stopped.Token);
            if (RefuseUnread(push, pack) is { } unread)
            {
                return (null, unread);
            }

            var visible = VisibleTips.Of(current, request.IsVisible);

            var (directory, objects) = (mirror.Directory, pack.Objects);
            var verdict = new PushVerdict(
                push,
                new QuarantineInspector(git, reachable, directory, objects),
                visible,
                ended => site.Definition.ServesLfs
                    ? pointers.AreKnownAsync(directory, lfsFolders.OfUpstream(request.Repository), objects, request.Caller, visible, ended)
                    : Task.FromResult(true));
            if (await verdict.JudgeAsync(pack.ObjectCount, stopped.Token) is { } refusal)
            {
                return (null, refusal);
            }

            var inspected = new InspectedPush(pack, verdict.FastForwards);
            pack = null;
            return (inspected, null);
        }
        catch (GitFailedException exception)
        {
            // What can't be proved is refused.
            LogNotProvable(logger, exception, request.Request.Id);
            return (null, RefusalTexts.PushNotProvable(request, push.Push, "this server can't prove what it would change: fetch, and try again"));
        }
        finally
        {
            pack?.Dispose();
        }
    }

    // Whoever does not see every ref must not build on what is hidden: that is a question of trees and blobs, too.
    private static MirrorLevel LevelFor(AuthorizedPush push) =>
        !push.Request.SeesEveryRef && push.Commands.Any(command => !command.Command.New.IsZero && push.Request.IsVisible(command.Name))
            ? MirrorLevel.Objects
            : MirrorLevel.Commits;

    private Refusal? RefuseUnread(AuthorizedPush push, QuarantinedPack pack)
    {
        if (pack.IsTooLarge)
        {
            return RefusalTexts.PushTooLarge(push.Request, push.Push, options.MaxPushBytes);
        }

        if (pack.Damage is null)
        {
            return null;
        }

        LogUnread(logger, push.Request.Request.Id, pack.Damage);
        return RefusalTexts.PushNotProvable(
            push.Request,
            push.Push,
            pack.IsThin ? "its pack leans on objects that this server does not have: push again with --no-thin" : "its pack can't be read");
    }

    [LoggerMessage(1, LogLevel.Warning, "It can't be proved what a push would change, request {RequestId}.")]
    private static partial void LogNotProvable(ILogger logger, Exception exception, string requestId);

    [LoggerMessage(2, LogLevel.Warning, "The pack of a push can't be read, request {RequestId}: {ErrorText}")]
    private static partial void LogUnread(ILogger logger, string requestId, string errorText);
}
