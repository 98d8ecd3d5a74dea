using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Refusals;
using Portcullis.Git.Lfs;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Lfs;

/// <summary>Whether a caller may bring objects or hold locks: whoever may push to the ref that the request names; where it names none, to any ref.</summary>
internal static class UploadDecision
{
    private static readonly AccessAction[] Pushes = [AccessAction.Create, AccessAction.Update, AccessAction.Force];

    /// <summary>Decides. Exactly one of the results is not null.</summary>
    /// <param name="request">The request.</param>
    /// <param name="reference">The ref that it names; null for none.</param>
    /// <param name="what">What is asked for, as the middle of a sentence.</param>
    /// <exception cref="LfsFormatException">The ref is none.</exception>
    public static (AccessAction? Action, Refusal? Refusal) Decide(AuthorizedGitRequest request, string? reference, string what)
    {
        RefName? name = null;
        if (reference is not null && !RefName.TryParse(reference, out name))
        {
            throw new LfsFormatException(LfsProblem.Malformed, "The ref must be a full ref name, such as refs/heads/main.");
        }

        Decision refused = default;
        foreach (var action in Pushes)
        {
            // Moving a tag is never an update (docs/spec/permissions.md).
            if (action == AccessAction.Update && name is { IsTag: true })
            {
                continue;
            }

            var decision = name is null ? request.DecideOnAnyRef(action) : request.Decide(action, name);
            if (decision.IsAllowed)
            {
                return (action, null);
            }

            refused = Better(refused, decision);
        }

        return (null, RefusalTexts.LfsPushNotAllowed(request, name, refused, what));
    }

    // Of several refusals, the one that came furthest says most: a rule rather than the lack of a permission.
    private static Decision Better(Decision one, Decision other) => other.Permission is not null && one.Permission is null ? other : one.Reason == default ? other : one;
}
