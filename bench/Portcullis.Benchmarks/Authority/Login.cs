using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Web;

namespace Portcullis.Benchmarks.Authority;

/// <summary>A person's browser, as far as it takes to let a client in: the pages' forms, and the cookies.</summary>
internal sealed partial class Login : IDisposable
{
    private const string ClientId = "git-credential-portcullis";
    private const string Redirect = "http://127.0.0.1:1";
    private readonly HttpClient _browser;

    private Login(HttpClient browser) => _browser = browser;

    public static async Task<Login> SignInAsync(string address)
    {
        var browser = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(address) };
        Dictionary<string, string> form = Fields(await browser.GetStringAsync("/login"));
        form["name"] = IssuingServer.Person;
        form["password"] = IssuingServer.Password;
        (await browser.PostAsync("/login", new FormUrlEncodedContent(form))).EnsureSuccessStatusCode();
        return new Login(browser);
    }

    /// <summary>Lets the client in; the form with which the code is redeemed.</summary>
    public async Task<Dictionary<string, string>> AllowAsync(string scope)
    {
        var verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
        HttpResponseMessage page = await _browser.GetAsync(
            $"/oauth/authorize?client_id={ClientId}&response_type=code&redirect_uri={Uri.EscapeDataString(Redirect)}&code_challenge={challenge}&code_challenge_method=S256&scope={Uri.EscapeDataString(scope)}");
        if (!page.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"No consent page: {(int)page.StatusCode} {page.Headers.Location}");
        }

        Dictionary<string, string> form = Fields(await page.Content.ReadAsStringAsync());
        form["decision"] = "allow";
        HttpResponseMessage answer = await _browser.PostAsync("/oauth/authorize", new FormUrlEncodedContent(form));
        var code = HttpUtility.ParseQueryString(answer.Headers.Location?.Query ?? "")["code"] ?? throw new InvalidOperationException("No code.");
        return new Dictionary<string, string> { ["grant_type"] = "authorization_code", ["client_id"] = ClientId, ["code"] = code, ["redirect_uri"] = Redirect, ["code_verifier"] = verifier };
    }

    public static Dictionary<string, string> RefreshForm(string token) => new() { ["grant_type"] = "refresh_token", ["client_id"] = ClientId, ["refresh_token"] = token };

    public void Dispose() => _browser.Dispose();

    // The first form of the page is the one: each page here has one that comes first.
    private static Dictionary<string, string> Fields(string page) => Hidden().Matches(Form().Match(page).Value)
        .ToDictionary(m => WebUtility.HtmlDecode(m.Groups["name"].Value), m => WebUtility.HtmlDecode(m.Groups["value"].Value));

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("""<input type="hidden" name="(?<name>[^"]*)" value="(?<value>[^"]*)">""")]
    private static partial Regex Hidden();
}
