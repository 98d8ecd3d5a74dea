using System.Buffers;

namespace Portcullis.Gateway.Refusals;

/// <summary>What a 401 asks for: Basic first, since Git's helpers, netrc, JGit and libgit2 answer that alone, then Bearer (RFC 6750 §3).</summary>
/// <param name="BasicRealm">The realm that Git shows when it asks for a password.</param>
/// <param name="TokenEndpoint">Where tokens come from.</param>
/// <param name="Service">The audience that a token must name.</param>
/// <param name="Scope">The least permission that the request needs; null where no repository is asked for.</param>
internal sealed record Challenge(string BasicRealm, string TokenEndpoint, string Service, string? Scope)
{
    private static readonly SearchValues<char> Quotable = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Where(character => character is not ('"' or '\\'))]);

    /// <summary>What was wrong with the token that came, in one sentence; null when none came.</summary>
    public string? ErrorDescription { get; init; }

    /// <summary>The two challenges as header values, in their order.</summary>
    public string[] ToHeaderValues()
    {
        var bearer = $"Bearer realm=\"{Quote(TokenEndpoint)}\", service=\"{Quote(Service)}\"";
        if (Scope is not null)
        {
            bearer += $", scope=\"{Quote(Scope)}\"";
        }

        if (ErrorDescription is not null)
        {
            bearer += $", error=\"invalid_token\", error_description=\"{Quote(ErrorDescription)}\"";
        }

        return [$"Basic realm=\"{Quote(BasicRealm)}\"", bearer];
    }

    // RFC 6750 §3: error_description holds no quote and no backslash; nothing else here may hold a control either.
    private static string Quote(string value) =>
        !value.AsSpan().ContainsAnyExcept(Quotable) ? value : string.Create(value.Length, value, static (span, text) =>
        {
            for (var index = 0; index < text.Length; index++)
            {
                span[index] = text[index] is '"' or '\\' ? '\'' : text[index] is < ' ' or > '~' ? '?' : text[index];
            }
        });
}
