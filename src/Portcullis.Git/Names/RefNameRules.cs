using System.Buffers;

namespace Portcullis.Git.Names;

/// <summary>Git's rules for ref names, byte by byte (<c>check_refname_format</c> and <c>check_refname_component</c> in refs.c).</summary>
internal static class RefNameRules
{
    // Disposition 4 and 5 of refname_disposition[]: controls, space, DEL and the characters that have a meaning in revisions and refspecs.
    private static readonly SearchValues<byte> Forbidden = SearchValues.Create(
        [.. Enumerable.Range(0, 33).Select(c => (byte)c), 0x7f, .. "~^:?*[\\"u8]);

    /// <summary>Whether the bytes are a valid ref name of at least two components, the first being <c>refs</c>.</summary>
    public static bool IsFullName(ReadOnlySpan<byte> name) => name.StartsWith("refs/"u8) && IsValid(name);

    /// <summary>Whether git-check-ref-format(1) without options accepts the bytes: two components at least.</summary>
    public static bool IsValid(ReadOnlySpan<byte> name)
    {
        if (name.ContainsAny(Forbidden) || name.IndexOf(".."u8) >= 0 || name.IndexOf("@{"u8) >= 0 || name is [.., (byte)'.'])
        {
            return false;
        }

        var components = 0;
        while (true)
        {
            var slash = name.IndexOf((byte)'/');
            var component = slash < 0 ? name : name[..slash];
            if (component is [] or [(byte)'.', ..] || component.EndsWith(".lock"u8))
            {
                return false;
            }

            components++;
            if (slash < 0)
            {
                return components >= 2;
            }

            name = name[(slash + 1)..];
        }
    }
}
