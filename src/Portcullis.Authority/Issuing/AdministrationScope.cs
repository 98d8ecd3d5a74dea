namespace Portcullis.Authority.Issuing;

/// <summary>The one scope that is no permission for Git and no matter of the policy: it opens the administration API.</summary>
public static class AdministrationScope
{
    /// <summary>The word. Given to administrators alone, to clients without a ceiling, and never to a child token.</summary>
    public const string Word = "portcullis:admin";

    /// <summary>Whether a token's <c>scope</c> holds it.</summary>
    public static bool IsIn(string? scope) => (scope ?? "").Split(' ').Contains(Word, StringComparer.Ordinal);
}
