using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using Portcullis.Authority.Pages;
using Portcullis.Authority.People;

namespace Portcullis.Authority.ExternalSignIn;

/// <summary>Signing in with another OpenID provider (OpenID Connect Core §3.1): the code flow with PKCE, state and nonce, bound to the browser by a cookie.</summary>
internal sealed class ExternalSignInPages(
    ProviderClients providers, ExternalAccounts accounts, SignIn signIn, SignInLimits limits, IDataProtectionProvider protection, AuthorityOptions options, TimeProvider clock)
{
    private const string CookieName = "portcullis-provider";
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(10);
    private readonly IDataProtector _protector = protection.CreateProtector("Portcullis.ExternalSignIn.v1");

    /// <summary>Sends the person to the provider.</summary>
    public async Task StartAsync(HttpContext http, string name, string returnUrl)
    {
        if (providers.Find(name) is not { } provider)
        {
            await PageWriter.WriteMessageAsync(http, "Nothing here", "There is no such provider.", StatusCodes.Status404NotFound);
            return;
        }

        var attempt = new Attempt(name, Random(), Random(), Random(), returnUrl, clock.GetUtcNow() + s_lifetime);
        string location;
        try
        {
            location = QueryHelpers.AddQueryString((await provider.GetMetadataAsync(http.RequestAborted)).AuthorizationEndpoint, new Dictionary<string, string?>
            {
                ["response_type"] = "code",
                ["client_id"] = provider.Settings.ClientId,
                ["redirect_uri"] = RedirectUri(name),
                ["scope"] = provider.Settings.Scope,
                ["state"] = attempt.State,
                ["nonce"] = attempt.Nonce,
                ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(attempt.Verifier))),
                ["code_challenge_method"] = "S256",
            });
        }
        catch (ProviderException exception)
        {
            await PageWriter.WriteMessageAsync(http, "That did not work", exception.Message, StatusCodes.Status502BadGateway);
            return;
        }

        http.Response.Cookies.Append(CookieName, _protector.Protect(JsonSerializer.Serialize(attempt)), Cookie(attempt.ExpiresAt));
        await PageWriter.WriteContinueAsync(http, location, "Off to your provider");
    }

    /// <summary>Takes the person back from the provider.</summary>
    public async Task ReturnAsync(HttpContext http, string name)
    {
        IQueryCollection query = http.Request.Query;
        Attempt? attempt = Read(http.Request.Cookies[CookieName]);
        http.Response.Cookies.Delete(CookieName, Cookie(default));
        ProviderClient? provider = providers.Find(name);

        // State ties the answer to this browser (CSRF); the name and iss tie it to the provider that was asked (mix-up, RFC 9207).
        if (attempt is null || provider is null || attempt.Provider != name || attempt.ExpiresAt < clock.GetUtcNow()
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(attempt.State), Encoding.UTF8.GetBytes((string?)query["state"] ?? ""))
            || (query.ContainsKey("iss") && query["iss"] != provider.Settings.Issuer))
        {
            await FailAsync(http, "This sign-in was not begun in this browser, or it took too long. Begin again.");
            return;
        }

        if ((string?)query["code"] is not { Length: > 0 and <= 4096 } code)
        {
            await FailAsync(http, "The provider did not sign you in. Begin again, or ask an administrator.");
            return;
        }

        if (limits.MustWait(http.Connection.RemoteIpAddress?.ToString(), null) is { } wait)
        {
            await AuthorityRouter.TooManyAsync(http, wait);
            return;
        }

        try
        {
            // A provider that says it names itself, and then doesn't, was not the one that answered (RFC 9207 §2.4).
            if (!query.ContainsKey("iss") && await provider.NamesItselfAsync(http.RequestAborted))
            {
                await FailAsync(http, "The answer does not say which provider it is from. Begin again, or tell an administrator.");
                return;
            }

            JsonWebToken token = await provider.RedeemAsync(code, attempt.Verifier, attempt.Nonce, RedirectUri(name), http.RequestAborted);
            Person? person = await accounts.FindOrCreateAsync(provider.Settings, token, http.RequestAborted);
            if (person is null || !await signIn.CanSignInAsync(person))
            {
                await FailAsync(http, "Your provider knows you, but there is no account for you here. Ask an administrator.");
                return;
            }

            await signIn.SignInWithClaimsAsync(person, null, [new Claim(ClaimTypes.AuthenticationMethod, "provider:" + name)]);
            await PageWriter.WriteContinueAsync(http, attempt.ReturnUrl);
        }
        catch (ProviderException exception)
        {
            limits.CountFailure(http.Connection.RemoteIpAddress?.ToString(), null);
            await FailAsync(http, exception.Message);
        }
    }

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static Task FailAsync(HttpContext http, string text) => PageWriter.WriteMessageAsync(http, "That did not work", text, StatusCodes.Status400BadRequest);

    private string RedirectUri(string name) => $"{options.PublicUrl}/login/external/{name}/callback";

    private CookieOptions Cookie(DateTimeOffset expires) => new()
    {
        HttpOnly = true,
        Secure = options.PublicUrl.StartsWith("https:", StringComparison.OrdinalIgnoreCase),
        SameSite = SameSiteMode.Lax, // It has to come along when the provider sends the browser back.
        Path = "/login/external",
        Expires = expires == default ? null : expires,
    };

    private Attempt? Read(string? cookie)
    {
        if (cookie is null)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<Attempt>(_protector.Unprotect(cookie));
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException)
        {
            return null;
        }
    }

    private sealed record Attempt(string Provider, string State, string Nonce, string Verifier, string ReturnUrl, DateTimeOffset ExpiresAt);
}
