using Microsoft.Extensions.Primitives;

namespace Portcullis.Authority.Pages;

/// <summary>What the account page says after something was done. The address names a sentence and never holds one: nobody can make the page say theirs by a link.</summary>
internal static class PageNotices
{
    private static readonly Dictionary<string, string> s_notices = new(StringComparer.Ordinal)
    {
        ["session"] = "The session has ended. What it opened is refused from now on.",
        ["password"] = "Your password is set. You stay signed in here, and nowhere else on this website.",
        ["passkey"] = "Your passkey is added.",
        ["passkey-removed"] = "The passkey is removed.",
        ["second-step"] = "The second step is on.",
        ["second-step-off"] = "The second step is off.",
    };

    public static string Address(string notice) => $"{AuthorityPaths.Account}?done={notice}";

    public static string? Find(StringValues name) => name.Count == 1 ? s_notices.GetValueOrDefault(name[0] ?? "") : null;
}
