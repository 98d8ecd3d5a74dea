using Portcullis.Git;

namespace Portcullis.Gateway.Backends.Host.Objects;

/// <summary>Finds a commit among the ancestors of one that a small push brought, without starting git.</summary>
internal static class LooseAncestry
{
    // As many as git unpacks into files of their own (receive.unpackLimit, transfer.unpackLimit: 100).
    private const int MaxCommits = 100;

    /// <summary>
    /// Whether a chain of commits, each naming the next as its parent, leads from one to another. True is a proof: what names another as its parent is a commit,
    /// and has it as its ancestor. False says nothing: the chain may lead through objects that are not looked at here.
    /// </summary>
    /// <param name="objectDirectories">Where the objects may lie.</param>
    /// <param name="before">The commit that is looked for.</param>
    /// <param name="after">The commit to begin with.</param>
    public static bool IsProved(IReadOnlyList<string> objectDirectories, ObjectId before, ObjectId after)
    {
        var waiting = new Queue<ObjectId>([after]);
        var seen = new HashSet<ObjectId> { after };
        while (waiting.TryDequeue(out var id) && seen.Count <= MaxCommits)
        {
            foreach (var parent in ParentsOf(objectDirectories, id))
            {
                if (parent == before)
                {
                    return true;
                }

                if (seen.Add(parent))
                {
                    waiting.Enqueue(parent);
                }
            }
        }

        return false;
    }

    private static IReadOnlyList<ObjectId> ParentsOf(IReadOnlyList<string> objectDirectories, ObjectId id)
    {
        foreach (var objects in objectDirectories)
        {
            if (LooseObject.TryRead(objects, id) is { } found)
            {
                return found.Parents ?? [];
            }
        }

        return [];
    }
}
