using Portcullis.Gateway.Authorization;
using Portcullis.Git.Advertisements;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Host.Advertisements;

/// <summary>The refs of a repository that one caller is shown.</summary>
internal static class VisibleRefs
{
    /// <summary>For whoever fetches. <c>HEAD</c> is shown when the ref it points to is, and a detached one to those who see every ref.</summary>
    public static RefSnapshot ForFetch(this RefSnapshot all, AuthorizedGitRequest request) =>
        request.SeesEveryRef ? all : all.Filter(entry => IsVisible(entry, request.IsVisible));

    /// <summary>For whoever is about to push: also what they may change without being allowed to fetch it.</summary>
    public static RefSnapshot ForPush(this RefSnapshot all, AuthorizedGitRequest request) =>
        request.SeesEveryRef ? all : all.Filter(entry => IsVisible(entry, request.IsVisibleToPush));

    // A symbolic ref tells where it points, so both its own name and its target's must be visible.
    private static bool IsVisible(RefSnapshotEntry entry, Func<RefName, bool> isVisible) =>
        (entry.IsHead || (entry.Name is { } name && isVisible(name)))
        && (entry.SymrefTarget is { } target
            ? RefName.TryParse(target, out var targetName) && isVisible(targetName)
            : !entry.IsHead);
}
