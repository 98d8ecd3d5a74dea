using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Portcullis.EndToEnd.Harness;

/// <summary>Somebody at a browser without script, and the program that they let in: as much of OAuth as both sides need.</summary>
public sealed partial class OAuthPerson(string url, string name, string password) : IDisposable
{
    public const string Client = "git-credential-portcullis";
    private const string Redirect = "http://127.0.0.1:49152";
    private readonly HttpClient _browser = new(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(url) };
    private bool _isSignedIn;

    /// <summary>Signs in by the authorization code flow. Gives the token endpoint's answer.</summary>
    public async Task<JsonElement> CodeFlowAsync(string? scope)
    {
        await SignInAsync();
        var verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var callback = await AgreeAsync(QueryString(new()
        {
            ["client_id"] = Client,
            ["response_type"] = "code",
            ["redirect_uri"] = Redirect,
            ["state"] = "s",
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            ["code_challenge_method"] = "S256",
            ["scope"] = scope,
        }));
        var code = Regex.Match(callback, "[?&]code=([^&]+)").Groups[1].Value;
        return await PostAsync(url, "/oauth/token", new()
        {
            ["grant_type"] = "authorization_code", ["client_id"] = Client, ["code"] = Uri.UnescapeDataString(code), ["redirect_uri"] = Redirect, ["code_verifier"] = verifier,
        });
    }

    /// <summary>A token with this scope, by the code flow.</summary>
    public async Task<string> TokenAsync(string scope) => (await CodeFlowAsync(scope)).GetProperty("access_token").GetString()!;

    /// <summary>Opens a consent page that a program asked for, and agrees. Gives the address that the browser is sent back to.</summary>
    public async Task<string> AgreeAsync(string authorizeUrl)
    {
        await SignInAsync();
        var consent = await _browser.GetAsync(authorizeUrl);
        var page = await consent.Content.ReadAsStringAsync();
        Assert.True(consent.StatusCode == HttpStatusCode.OK, $"{(int)consent.StatusCode} {consent.Headers.Location} {page}");
        var form = Fields(page, "/oauth/authorize");
        form["decision"] = "allow";
        var answer = await _browser.PostAsync("/oauth/authorize", new FormUrlEncodedContent(form));
        Assert.True(answer.StatusCode is HttpStatusCode.Redirect or HttpStatusCode.SeeOther, await answer.Content.ReadAsStringAsync());
        return answer.Headers.Location!.OriginalString;
    }

    /// <summary>Types a device's code on the device page, and agrees.</summary>
    public async Task AgreeToDeviceAsync(string verificationUriComplete)
    {
        await SignInAsync();
        var page = await (await _browser.GetAsync(verificationUriComplete)).Content.ReadAsStringAsync();
        var form = Fields(page, "/device");
        form["decision"] = "allow";
        var answer = await _browser.PostAsync("/device", new FormUrlEncodedContent(form));
        Assert.True(answer.StatusCode is HttpStatusCode.Redirect or HttpStatusCode.SeeOther, await answer.Content.ReadAsStringAsync());
    }

    public static async Task<string> ClientCredentialsAsync(string url, string client, string secret)
        => (await PostAsync(url, "/oauth/token", new() { ["grant_type"] = "client_credentials", ["client_id"] = client, ["client_secret"] = secret })).GetProperty("access_token").GetString()!;

    /// <summary>Exchanges a token for a smaller one.</summary>
    public static async Task<string> ChildTokenAsync(string url, string parent, string scope, string clientId = "token-exchange")
        => (await PostAsync(url, "/oauth/token", new()
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["client_id"] = clientId,
            ["subject_token"] = parent,
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
            ["scope"] = scope,
        })).GetProperty("access_token").GetString()!;

    /// <summary>Posts a form to the server, as a program does.</summary>
    public static async Task<JsonElement> PostAsync(string url, string path, Dictionary<string, string> form, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var client = new HttpClient { BaseAddress = new Uri(url) };
        using var response = await client.PostAsync(path, new FormUrlEncodedContent(form));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"{path}: {(int)response.StatusCode} {body}");
        return body.Length == 0 ? default : JsonDocument.Parse(body).RootElement.Clone();
    }

    /// <summary>What a token says.</summary>
    public static JsonElement Claims(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement.Clone();

    public static string QueryString(Dictionary<string, string?> parameters)
        => "/oauth/authorize?" + string.Join('&', parameters.Where(pair => pair.Value is not null).Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value!)}"));

    public void Dispose() => _browser.Dispose();

    private async Task SignInAsync()
    {
        if (_isSignedIn)
        {
            return;
        }

        _browser.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        var form = Fields(await _browser.GetStringAsync("/login"), "/login");
        form["name"] = name;
        form["password"] = password;
        var answer = await _browser.PostAsync("/login", new FormUrlEncodedContent(form));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode < 400, text);
        _isSignedIn = true;
    }

    private static Dictionary<string, string> Fields(string page, string action)
    {
        var form = Forms().Matches(page).First(match => match.Groups["action"].Value == action);
        return Inputs().Matches(form.Groups["body"].Value)
            .ToDictionary(input => input.Groups["name"].Value, input => WebUtility.HtmlDecode(input.Groups["value"].Value));
    }

    [GeneratedRegex("<form[^>]*action=\"(?<action>[^\"]*)\"[^>]*>(?<body>.*?)</form>", RegexOptions.Singleline)]
    private static partial Regex Forms();

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>[^\"]*)\" value=\"(?<value>[^\"]*)\">")]
    private static partial Regex Inputs();
}
