using System.Collections.Immutable;
using Portcullis.Git.Advertisements;

namespace Portcullis.Git.RefFiles;

/// <summary>
/// The refs that a repository's configuration hides from everyone: <c>transfer.hideRefs</c> and its namesakes (git-config(1); <c>parse_hide_refs_config</c> and
/// <c>ref_is_hidden</c> in refs.c). They hide lines of an advertisement and nothing else; what a caller may know is decided elsewhere.
/// </summary>
/// <param name="patterns">The values in their order.</param>
public sealed class HiddenRefs(ImmutableArray<ReadOnlyMemory<byte>> patterns)
{
    /// <summary>Whether nothing is hidden.</summary>
    public bool IsEmpty => patterns.IsEmpty;

    /// <summary>Whether a ref is hidden. The last pattern that fits decides.</summary>
    /// <param name="name">Its full name, or <c>HEAD</c>.</param>
    /// <returns>Whether it is.</returns>
    public bool Contains(ReadOnlySpan<byte> name)
    {
        for (var i = patterns.Length - 1; i >= 0; i--)
        {
            var pattern = patterns[i].Span;
            var isShown = pattern is [(byte)'!', ..];
            pattern = isShown ? pattern[1..] : pattern;

            // ^ means the name with its namespace, and there is none.
            pattern = pattern is [(byte)'^', ..] ? pattern[1..] : pattern;
            pattern = pattern.TrimEnd((byte)'/');
            if (name.StartsWith(pattern) && (name.Length == pattern.Length || name[pattern.Length] == '/'))
            {
                return !isShown;
            }
        }

        return false;
    }

    /// <summary>A snapshot without the hidden refs.</summary>
    /// <param name="snapshot">All refs.</param>
    /// <returns>The same one when nothing is hidden.</returns>
    public RefSnapshot RemoveFrom(RefSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return IsEmpty ? snapshot : snapshot.Filter(entry => !Contains(entry.NameBytes.Span));
    }
}
