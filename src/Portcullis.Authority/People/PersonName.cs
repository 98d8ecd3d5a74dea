using System.Text.RegularExpressions;

namespace Portcullis.Authority.People;

/// <summary>
/// Which names a person, group or client may have. They stand in policies, in ref patterns and in <c>sub</c>: nothing that means something there, and no colon, which sets
/// workloads apart.
/// </summary>
internal static partial class PersonName
{
    public const string Rule = "1 to 64 letters, digits, '.', '_', '-', '+' or '@', beginning with a letter or digit";

    public static bool IsValid(string? name) => name is { Length: >= 1 and <= 64 } && Pattern().IsMatch(name);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._+@-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
