using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Portcullis.Tests.Authority;

/// <summary>The client's side of the authorization code flow.</summary>
internal static class OAuthFlow
{
    public const string ClientId = "git-credential-portcullis";
    public const string Redirect = "http://127.0.0.1:49152";

    public static string AuthorizeUrl(string verifier, string? scope, params (string, string?)[] changes)
    {
        var query = new Dictionary<string, string?>
        {
            ["client_id"] = ClientId,
            ["response_type"] = "code",
            ["redirect_uri"] = Redirect,
            ["state"] = "s-1",
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            ["code_challenge_method"] = "S256",
            ["scope"] = scope,
        };
        foreach (var (name, value) in changes)
        {
            query[name] = value;
        }

        return QueryHelpers.AddQueryString("/oauth/authorize", query);
    }

    /// <summary>Signs in, agrees, and gives back the code.</summary>
    public static async Task<string> GetCodeAsync(AuthorityHost host, string verifier, string? scope, params (string, string?)[] changes)
    {
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage consent = await browser.GetAsync(AuthorizeUrl(verifier, scope, changes));
        TestPage answer = await browser.SubmitAsync(consent, "/oauth/authorize", ("decision", "allow"));
        Assert.StartsWith(Redirect, answer.Location, StringComparison.Ordinal);
        var query = QueryHelpers.ParseQuery(new Uri(answer.Location).Query);
        Assert.Equal("s-1", query["state"]);
        Assert.Equal(AuthorityHost.PublicUrl, query["iss"]);
        return query["code"].ToString();
    }

    public static Dictionary<string, string> CodeForm(string code, string verifier) => new()
    {
        ["grant_type"] = "authorization_code",
        ["client_id"] = ClientId,
        ["code"] = code,
        ["redirect_uri"] = Redirect,
        ["code_verifier"] = verifier,
    };

    public static Dictionary<string, string> RefreshForm(string refreshToken) => new()
    {
        ["grant_type"] = "refresh_token",
        ["client_id"] = ClientId,
        ["refresh_token"] = refreshToken,
    };

    public static async Task<(string Access, string Refresh, JsonElement Response)> SignInAsync(AuthorityHost host, string? scope)
    {
        var verifier = NewVerifier();
        JsonElement response = await host.PostAsync("/oauth/token", CodeForm(await GetCodeAsync(host, verifier, scope), verifier));
        return (response.GetProperty("access_token").GetString()!, response.GetProperty("refresh_token").GetString()!, response);
    }

    public static string NewVerifier() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}
