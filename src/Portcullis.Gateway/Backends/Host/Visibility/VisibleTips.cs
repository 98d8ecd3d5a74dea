using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Host.Visibility;

/// <summary>The objects that visible refs name.</summary>
internal static class VisibleTips
{
    /// <summary>The values of the refs that may be seen, and what tags among them stand for.</summary>
    public static HashSet<ObjectId> Of(RefSnapshot snapshot, Func<RefName, bool> isVisible)
    {
        var tips = new HashSet<ObjectId>();
        foreach (var entry in snapshot.Entries)
        {
            if (entry is { Name: { } name, Id: { } id } && isVisible(name))
            {
                tips.Add(id);
                if (entry.Peeled is { } peeled)
                {
                    tips.Add(peeled);
                }
            }
        }

        return tips;
    }
}
