using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends.Host.Processes;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>
/// How <c>receive-pack</c> is started for a push. Of the five processes that git takes for one, two are spared here where what they would say is known.
/// </summary>
internal sealed class ReceivePackInvocations(GitLauncher git, HookSets hooks)
{
    private readonly TidyingTurns tidying = new();

    /// <summary>The invocation for a push.</summary>
    /// <param name="push">The push.</param>
    /// <param name="directory">The repository.</param>
    /// <param name="ownHooks">Where the repository's own hooks are, if ours is to ask the gateway before any ref moves; null if not.</param>
    public GitInvocation For(AuthorizedPush push, string directory, string? ownHooks)
    {
        List<(string, string)> configuration = [];
        var environment = PusherEnvironment.Of(push.Request.Caller, push.Request.Request);
        if (ownHooks is not null)
        {
            configuration.Add(("core.hooksPath", hooks.For(ownHooks)));
            environment.Add($"{HookSets.OwnHooksVariable}={ownHooks}");
        }

        if (!push.Request.SeesEveryRef)
        {
            // index-pack, and never unpack-objects: what completes a thin pack is then known by its place in the pack.
            configuration.Add(("receive.unpackLimit", "1"));
        }

        if (git.DoNothingProgram is { } nothing && !File.Exists(Path.Combine(directory, "objects", "info", "alternates")))
        {
            // To the check of connectivity, which runs in the quarantine, this very repository is an alternate: it would list all its refs by a process of
            // its own, and they are known to it already, but for those that receive.hideRefs hides. To know fewer refs only makes it look at more.
            configuration.Add(("core.alternateRefsCommand", nothing));
        }

        if (!tidying.Take(directory))
        {
            configuration.Add(("receive.autogc", "false"));
        }

        return new GitInvocation
        {
            Subcommand = "receive-pack",
            Arguments = ["--stateless-rpc", "."],
            Directory = directory,
            Configuration = configuration,
            Environment = environment,
            WithControl = ownHooks is not null,
            EndsWithItsInput = true,
        };
    }
}
