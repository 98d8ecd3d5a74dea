using Microsoft.AspNetCore.Http;

namespace Portcullis.AspNetCore.Permissions;

/// <summary>What a request lacked, for the challenge that tells it so (RFC 6750 §3.1, insufficient_scope).</summary>
internal sealed class MissingPermissions
{
    private readonly List<string> _words = [];

    public static void Add(HttpContext context, string word)
    {
        MissingPermissions missing = context.Features.Get<MissingPermissions>() ?? new MissingPermissions();
        if (!missing._words.Contains(word))
        {
            missing._words.Add(word);
        }

        context.Features.Set(missing);
    }

    public static string? Of(HttpContext context) => context.Features.Get<MissingPermissions>() is { } missing ? string.Join(' ', missing._words) : null;
}
