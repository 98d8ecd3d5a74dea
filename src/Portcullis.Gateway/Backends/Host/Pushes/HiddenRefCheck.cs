using Portcullis.Access;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Refusals;
using Portcullis.Git;
using Portcullis.Git.Advertisements;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>
/// For a pusher who does not see every ref: refuses what git would refuse with a message that tells of hidden refs, the
/// value of a ref that has moved or the name of one that stands in the way.
/// </summary>
internal static class HiddenRefCheck
{
    /// <summary>Checks. Null lets the push go on.</summary>
    /// <param name="push">The push.</param>
    /// <param name="current">Every ref of the repository, as receive-pack sees it.</param>
    public static Refusal? Check(AuthorizedPush push, RefSnapshot current)
    {
        Dictionary<AuthorizedCommand, string> refused = [];
        foreach (var command in push.Commands)
        {
            var name = command.Name.Value;
            var value = current.Find(name) is { Id: { } id } ? id : ObjectId.Zero(current.Format);
            if (value != command.Command.Old)
            {
                refused[command] = "it has another value than you expect: fetch, and try again";
            }
            else if (!command.Command.New.IsZero && value.IsZero && IsInTheWay(current, name))
            {
                refused[command] = "its name conflicts with that of another ref";
            }
        }

        return refused.Count == 0
            ? null
            : RefusalTexts.PushRefused(
                push.Request,
                push.Push,
                [.. push.Commands.Select(command => refused.TryGetValue(command, out var reason)
                    ? new ReferenceRefusal(command.Command, RefusalTexts.WordFor(command.Command), "ref_conflict", reason, IsCause: true)
                    : RefusalTexts.Bystander(command.Command))],
                AccessAction.Update,
                decision: null);
    }

    // refs/heads/a and refs/heads/a/b can't both exist (gitglossary, "ref").
    private static bool IsInTheWay(RefSnapshot current, string name)
    {
        if (current.HasPrefix(name + "/"))
        {
            return true;
        }

        for (var slash = name.LastIndexOf('/'); slash > "refs".Length; slash = name.LastIndexOf('/', slash - 1))
        {
            if (current.Find(name[..slash]) is not null)
            {
                return true;
            }
        }

        return false;
    }
}
