using System.Globalization;

namespace Portcullis.Git.Lfs;

/// <summary>Numbers as Git LFS writes them: decimal digits alone.</summary>
internal static class LfsNumbers
{
    public static bool TryParse(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        return text.Length is > 0 and <= 19
            && (text[0] != '0' || text.Length == 1)
            && !text.ContainsAnyExceptInRange('0', '9')
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
