namespace Portcullis.Authority.Pages;

/// <summary>
/// A user agent in words that a person knows their own devices by. It says what a client said of itself, and decides nothing.
/// </summary>
internal static class UserAgentWords
{
    // The order matters: most claim to be those before them, too.
    private static readonly (string Mark, string Name)[] s_browsers = [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("Safari/", "Safari")];
    private static readonly (string Mark, string Name)[] s_systems = [("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "a Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux")];

    public static string Describe(string? userAgent)
    {
        if (string.IsNullOrWhiteSpace(userAgent))
        {
            return "An unnamed program";
        }

        if (!userAgent.StartsWith("Mozilla/", StringComparison.Ordinal))
        {
            return userAgent;
        }

        var browser = Find(s_browsers, userAgent) ?? "A browser";
        return Find(s_systems, userAgent) is { } system ? $"{browser} on {system}" : browser;
    }

    private static string? Find((string Mark, string Name)[] known, string userAgent) => Array.Find(known, entry => userAgent.Contains(entry.Mark, StringComparison.Ordinal)).Name;
}
