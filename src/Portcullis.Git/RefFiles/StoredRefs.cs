using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Portcullis.Git.Advertisements;

namespace Portcullis.Git.RefFiles;

/// <summary>
/// All refs of a repository as its files hold them, and the snapshot that follows once it is known what tags among their objects stand for
/// (<c>files_ref_iterator_advance</c> in refs/files-backend.c, <c>refs_resolve_ref_unsafe</c> in refs.c). A ref is listed whether its object exists or not.
/// </summary>
public sealed class StoredRefs
{
    // SYMREF_MAXDEPTH in refs.c allows one more; longer chains are git's to judge.
    private const int MaxHops = 4;

    private readonly ObjectFormat _format;
    private readonly LooseRef _head;
    private readonly List<StoredRef> _refs;
    private readonly List<StoredRef> _resolved = [];
    private StoredRef _resolvedHead;

    private StoredRefs(ObjectFormat format, LooseRef head, List<StoredRef> refs)
    {
        _format = format;
        _head = head;
        _refs = refs;
    }

    /// <summary>Puts together what the files hold: a loose ref stands for the packed one of its name.</summary>
    /// <param name="format">The repository's object format.</param>
    /// <param name="head">What <c>HEAD</c> holds.</param>
    /// <param name="loose">The loose refs, sorted by the bytes of their names.</param>
    /// <param name="packed">The packed refs, sorted alike.</param>
    /// <param name="refs">The refs.</param>
    /// <returns>False when the refs are of a kind that only git should judge: chains of symbolic refs, replaced objects.</returns>
    public static bool TryMerge(
        ObjectFormat format, LooseRef head, IReadOnlyList<StoredRef> loose, IReadOnlyList<StoredRef> packed, [NotNullWhen(true)] out StoredRefs? refs)
    {
        ArgumentNullException.ThrowIfNull(loose);
        ArgumentNullException.ThrowIfNull(packed);
        var merged = new List<StoredRef>(loose.Count + packed.Count);
        var (l, p) = (0, 0);
        while (l < loose.Count || p < packed.Count)
        {
            var order = l == loose.Count ? 1 : p == packed.Count ? -1 : loose[l].CompareNameTo(packed[p].Name.Span);
            merged.Add(order <= 0 ? loose[l++] : packed[p++]);
            p += order == 0 ? 1 : 0;
        }

        refs = new(format, head, merged);
        if (refs.TryResolve())
        {
            return true;
        }

        refs = null;
        return false;
    }

    /// <summary>The objects of which it must be asked what they stand for, since neither the files nor <paramref name="previous"/> tell.</summary>
    /// <param name="previous">An earlier snapshot of the same repository.</param>
    /// <returns>The ids.</returns>
    public HashSet<ObjectId> Unknown(RefSnapshot? previous)
    {
        var unknown = new HashSet<ObjectId>();
        var known = new KnownObjects(previous);
        if (_resolvedHead.Id is { } head && !known.TryGetHead(head, out _))
        {
            unknown.Add(head);
        }

        foreach (var reference in _resolved)
        {
            if (!reference.KnowsPeeled && !known.TryGet(reference.Name.Span, reference.Id!.Value, out _))
            {
                unknown.Add(reference.Id!.Value);
            }
        }

        return unknown;
    }

    /// <summary>Makes the snapshot.</summary>
    /// <param name="previous">The same earlier snapshot.</param>
    /// <param name="asked">What each of the unknown objects stands for: null for all but annotated tags.</param>
    /// <param name="showsUnbornHead">Whether a <c>HEAD</c> that points to no ref is shown (<c>lsrefs.unborn</c>).</param>
    /// <param name="shallow">Commits at which the repository's own history ends, sorted.</param>
    /// <returns>The snapshot.</returns>
    public RefSnapshot Build(RefSnapshot? previous, IReadOnlyDictionary<ObjectId, ObjectId?> asked, bool showsUnbornHead, ImmutableArray<ObjectId> shallow)
    {
        ArgumentNullException.ThrowIfNull(asked);
        var builder = new RefSnapshotBuilder(_format, 256 + (_resolved.Count * 96));
        var known = new KnownObjects(previous);
        if (_resolvedHead.Id is { } head)
        {
            builder.Add("HEAD"u8, head, known.TryGetHead(head, out var peeled) ? peeled : asked[head], _resolvedHead.Target.Span);
        }
        else if (showsUnbornHead)
        {
            builder.Add("HEAD"u8, null, null, _resolvedHead.Target.Span);
        }

        foreach (var reference in _resolved)
        {
            var id = reference.Id!.Value;
            var peeled = reference.KnowsPeeled ? reference.Peeled : known.TryGet(reference.Name.Span, id, out var before) ? before : asked[id];
            builder.Add(reference.Name.Span, id, peeled, reference.Target.Span);
        }

        return builder.Build([], shallow);
    }

    private bool TryResolve()
    {
        // A replacement changes what a tag stands for.
        if (LowerBound("refs/replace/"u8) is var replaced && replaced < _refs.Count && _refs[replaced].Name.Span.StartsWith("refs/replace/"u8))
        {
            return false;
        }

        foreach (var reference in _refs)
        {
            if (!TryFollow(reference, out var resolved))
            {
                return false;
            }

            // One that points nowhere is not listed.
            if (resolved.Id is not null)
            {
                _resolved.Add(resolved);
            }
        }

        return TryFollow(new("HEAD"u8.ToArray(), _head.Id, _head.Target), out _resolvedHead);
    }

    private bool TryFollow(StoredRef reference, out StoredRef resolved)
    {
        resolved = reference;
        var (target, id) = (reference.Target, reference.Id);
        for (var hops = 0; id is null; hops++)
        {
            if (hops == MaxHops)
            {
                return false;
            }

            var index = LowerBound(target.Span);
            if (index == _refs.Count || _refs[index].CompareNameTo(target.Span) != 0)
            {
                // Behind one step it is plain what git shows; behind several only git knows.
                return hops == 0;
            }

            resolved = new(reference.Name, _refs[index].Id, target);
            (target, id) = (_refs[index].Target, _refs[index].Id);
        }

        return true;
    }

    private int LowerBound(ReadOnlySpan<byte> name)
    {
        var (low, high) = (0, _refs.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = _refs[middle].CompareNameTo(name) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Goes through an earlier snapshot beside the refs, both in the same order.</summary>
    private struct KnownObjects(RefSnapshot? previous)
    {
        private int _next = previous?.Head is null ? 0 : 1;

        public readonly bool TryGetHead(ObjectId id, out ObjectId? peeled)
        {
            peeled = previous?.Head?.Peeled;
            return previous?.Head?.Id == id;
        }

        public bool TryGet(ReadOnlySpan<byte> name, ObjectId id, out ObjectId? peeled)
        {
            peeled = null;
            if (previous is null)
            {
                return false;
            }

            while (_next < previous.Entries.Length && previous.NameOf(_next).Span.SequenceCompareTo(name) < 0)
            {
                _next++;
            }

            if (_next == previous.Entries.Length || !previous.NameOf(_next).Span.SequenceEqual(name) || previous.Entries[_next].Id != id)
            {
                return false;
            }

            peeled = previous.Entries[_next].Peeled;
            return true;
        }
    }
}
