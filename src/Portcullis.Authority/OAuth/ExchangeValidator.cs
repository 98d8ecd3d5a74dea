using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Portcullis.Authority.Keys;
using Portcullis.Authority.Revocations;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Authority.OAuth;

/// <summary>The gateway's validator over our own ring, and over that and the other issuers that are trusted for exchange.</summary>
internal sealed class ExchangeValidator
{
    private readonly TokenValidator _own;
    private readonly TokenValidator _any;

    public ExchangeValidator(KeyRing ring, RevocationIndex revocations, AuthorityOptions options, TimeProvider clock)
    {
        var own = new TrustedIssuer
        {
            Issuer = options.Issuer,
            Audiences = [options.EffectiveAudience],
            KeySource = ring,
            MaxLifetime = options.MaxAccessTokenLifetime,
            Permissions = PermissionSource.Token,
        };
        _own = new TokenValidator([own], clock, revocations);
        _any = new TokenValidator([own, .. options.TrustedIssuers], clock, revocations);
    }

    public ValueTask<TokenResult> ValidateOwnAsync(string token, CancellationToken cancellationToken) => _own.ValidateAsync(token, default, cancellationToken);

    public ValueTask<TokenResult> ValidateAnyAsync(string token, CancellationToken cancellationToken) => _any.ValidateAsync(token, default, cancellationToken);

    /// <summary>Where a transaction keeps what a token turned out to be: subject and actor token stand side by side.</summary>
    public static string PropertyFor(string token) => "portcullis:" + TokenHash.Of(Encoding.UTF8.GetBytes(token));

    /// <summary>Whether a token says of itself that it is an RFC 9068 one. Decides only which validator sees it, and so which way it is refused.</summary>
    public static bool LooksLikeAccessToken(string? token)
    {
        var dot = token?.IndexOf('.') ?? -1;
        if (dot is <= 0 or > 1024)
        {
            return false;
        }

        try
        {
            using JsonDocument header = JsonDocument.Parse(Base64Url.DecodeFromChars(token.AsSpan(0, dot)));
            return header.RootElement.ValueKind == JsonValueKind.Object
                && header.RootElement.TryGetProperty("typ", out JsonElement type) && type.ValueKind == JsonValueKind.String
                && type.GetString() is "at+jwt" or "application/at+jwt";
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return false;
        }
    }
}
