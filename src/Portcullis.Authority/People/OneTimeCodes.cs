using System.Globalization;
using Microsoft.AspNetCore.Identity;

namespace Portcullis.Authority.People;

/// <summary>Codes of an authenticator app, each of which counts once (RFC 6238 §5.2): Identity's own provider takes one as often as it comes within its two minutes and a half.</summary>
internal sealed class OneTimeCodes(TimeProvider clock) : AuthenticatorTokenProvider<Person>
{
    private const string Store = "[Portcullis]";
    private const string Used = "UsedCodes";

    // Longer than any code is good for.
    private static readonly TimeSpan s_remembered = TimeSpan.FromMinutes(4);

    public override async Task<bool> ValidateAsync(string purpose, string token, UserManager<Person> manager, Person user)
    {
        if (!await base.ValidateAsync(purpose, token, manager, user))
        {
            return false;
        }

        DateTimeOffset now = clock.GetUtcNow();
        List<string> used = [.. (await manager.GetAuthenticationTokenAsync(user, Store, Used) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(entry => IsRecent(entry, now))];
        if (used.Exists(entry => entry.StartsWith(token + "@", StringComparison.Ordinal)))
        {
            return false;
        }

        // Of two that come with the same code at once, one finds the person's row changed.
        used.Add(string.Create(CultureInfo.InvariantCulture, $"{token}@{now.ToUnixTimeSeconds()}"));
        return (await manager.SetAuthenticationTokenAsync(user, Store, Used, string.Join(' ', used))).Succeeded;
    }

    private static bool IsRecent(string entry, DateTimeOffset now) =>
        long.TryParse(entry.AsSpan(entry.IndexOf('@', StringComparison.Ordinal) + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && (now - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() < s_remembered;
}
