using Portcullis.Git.Names;

namespace Portcullis.Access.Permissions;

/// <summary>Comparing and narrowing permissions. Nothing here can yield more than what went in.</summary>
internal static class PermissionAlgebra
{
    private static readonly WildcardPattern[] s_everyRef = [PatternAlgebra.EveryRef];

    /// <summary>Whether one selection provably includes all that another does.</summary>
    public static bool Covers(RefSelection wide, RefSelection narrow)
    {
        var narrowIncluded = Included(narrow);
        var narrowExcluded = Excluded(narrow);
        foreach (var included in narrowIncluded)
        {
            if (!Included(wide).Any(pattern => PatternAlgebra.Covers(pattern, included)))
            {
                return false;
            }
        }
        // What the wide one takes out, the narrow one must not have: it takes it out too, or never took it in.
        return Excluded(wide).All(excluded =>
            narrowExcluded.Any(pattern => PatternAlgebra.Covers(pattern, excluded))
            || narrowIncluded.All(pattern => PatternAlgebra.AreDisjoint(pattern, excluded)));
    }

    /// <summary>What both permissions allow, as permissions with the first one's origin.</summary>
    public static IEnumerable<Permission> Intersect(Permission left, Permission right)
    {
        var actions = left.Actions & right.Actions;
        if (actions == AccessAction.None)
        {
            yield break;
        }
        var refs = IntersectRefs(new RefSelection(left.Refs), new RefSelection(right.Refs));
        if (refs is null)
        {
            // No ref in common: what is left is what refs do not limit.
            actions &= AccessAction.Init;
            refs = [];
            if (actions == AccessAction.None)
            {
                yield break;
            }
        }
        foreach (var pattern in PatternAlgebra.Intersect(left.Repository.Pattern, right.Repository.Pattern))
        {
            // A pattern that no repository could have, or too long a one, is left out: smaller is safe.
            if (RepositoryPattern.TryParse(pattern.ToString(), out var repository))
            {
                yield return new Permission(repository, refs, actions, left.Origin);
            }
        }
    }

    /// <summary>Puts together permissions that differ in their actions only, and leaves out those that another one covers. The order stays.</summary>
    public static List<Permission> Simplify(IEnumerable<Permission> permissions)
    {
        var merged = new List<Permission>();
        foreach (var permission in permissions)
        {
            var same = merged.FindIndex(other =>
                other.Repository.Equals(permission.Repository) && other.Refs.SequenceEqual(permission.Refs));
            if (same < 0)
            {
                merged.Add(permission);
            }
            else
            {
                var other = merged[same];
                merged[same] = new Permission(other.Repository, other.Refs, other.Actions | permission.Actions, other.Origin);
            }
        }
        // From the back, so that of two that cover each other the first stays.
        for (var i = merged.Count - 1; i >= 0; i--)
        {
            if (merged.Where((_, j) => j != i).Any(other => other.Covers(merged[i])))
            {
                merged.RemoveAt(i);
            }
        }
        return merged;
    }

    // Null when no ref is in both; empty when every ref is.
    private static List<RefPattern>? IntersectRefs(RefSelection left, RefSelection right)
    {
        if (left.Patterns.Count == 0)
        {
            return [.. right.Patterns];
        }
        if (right.Patterns.Count == 0)
        {
            return [.. left.Patterns];
        }
        WildcardPattern[] excluded = [.. Excluded(left), .. Excluded(right)];
        var included = new List<WildcardPattern>();
        foreach (var pattern in Included(left).SelectMany(_ => Included(right), PatternAlgebra.Intersect).SelectMany(patterns => patterns))
        {
            // What one of them takes out whole would be a permission for nothing.
            if (!Array.Exists(excluded, exclusion => PatternAlgebra.Covers(exclusion, pattern)) && !included.Exists(other => other.Covers(pattern)))
            {
                included.RemoveAll(pattern.Covers);
                included.Add(pattern);
            }
        }
        var refs = new List<RefPattern>();
        foreach (var pattern in included)
        {
            if (RefPattern.TryParse(pattern.ToString(), out var reference))
            {
                refs.Add(reference);
            }
        }
        if (refs.Count == 0)
        {
            return null;
        }
        var kept = refs.ToArray();
        foreach (var exclusion in left.Patterns.Concat(right.Patterns).Where(pattern => pattern.IsExclusion))
        {
            if (!refs.Contains(exclusion) && !kept.All(pattern => PatternAlgebra.AreDisjoint(pattern.Pattern, exclusion.Pattern)))
            {
                refs.Add(exclusion);
            }
        }
        return refs;
    }

    private static IReadOnlyList<WildcardPattern> Included(RefSelection selection) =>
        selection.Patterns.Count == 0
            ? s_everyRef
            : [.. selection.Patterns.Where(pattern => !pattern.IsExclusion).Select(pattern => pattern.Pattern)];

    private static IReadOnlyList<WildcardPattern> Excluded(RefSelection selection) =>
        [.. selection.Patterns.Where(pattern => pattern.IsExclusion).Select(pattern => pattern.Pattern)];
}
