using Portcullis.Git.Names;

namespace Portcullis.Access.Permissions;

/// <summary>
/// The refs that a list of patterns selects: those that any pattern matches and no exclusion does; every ref when the list is empty.
/// The order of the patterns has no meaning.
/// </summary>
internal readonly struct RefSelection
{
    private readonly RefPattern[] _patterns;

    public RefSelection(IReadOnlyList<RefPattern> patterns) => _patterns = [.. patterns];

    public IReadOnlyList<RefPattern> Patterns => _patterns;

    public bool Includes(RefName reference)
    {
        var included = _patterns.Length == 0;
        foreach (var pattern in _patterns)
        {
            if (pattern.IsExclusion)
            {
                if (pattern.IsMatch(reference))
                {
                    return false;
                }
            }
            else if (!included)
            {
                included = pattern.IsMatch(reference);
            }
        }
        return included;
    }

    /// <summary>Provably every ref: nothing is excluded, and one pattern alone covers all that begins with <c>refs/</c>, as every ref does.</summary>
    public bool IncludesEveryRef
    {
        get
        {
            var everything = _patterns.Length == 0;
            foreach (var pattern in _patterns)
            {
                if (pattern.IsExclusion)
                {
                    return false;
                }
                everything = everything || PatternAlgebra.Covers(pattern.Pattern, PatternAlgebra.EveryRef);
            }
            return everything;
        }
    }
}
