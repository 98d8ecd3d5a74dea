using System.Net;
using System.Text.RegularExpressions;

namespace Portcullis.Tests.Authority;

/// <summary>As much of a browser as pages without script need: cookies, forms, and redirects that the test follows itself.</summary>
internal sealed partial class TestBrowser(HttpMessageHandler handler, string address) : IDisposable
{
    private readonly Uri _base = new(address);
    private readonly HttpMessageInvoker _invoker = new(handler);

    public CookieContainer Cookies { get; } = new();

    public Task<TestPage> GetAsync(string url) => SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(_base, url)));

    public Task<TestPage> PostAsync(string url, IEnumerable<KeyValuePair<string, string>> form) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, new Uri(_base, url)) { Content = new FormUrlEncodedContent(form) });

    /// <summary>Submits a form of a page, with its hidden fields.</summary>
    public Task<TestPage> SubmitAsync(TestPage page, string action, params (string Name, string Value)[] fields)
    {
        var form = page.FormFields(action);
        foreach (var (name, value) in fields)
        {
            form[name] = value;
        }

        return PostAsync(action, form);
    }

    public async Task<TestPage> SignInAsync(string name, string password, string returnUrl = "/account")
    {
        TestPage page = await GetAsync("/login?returnUrl=" + Uri.EscapeDataString(returnUrl));
        return await SubmitAsync(page, "/login", ("name", name), ("password", password));
    }

    public void Dispose() => _invoker.Dispose();

    private async Task<TestPage> SendAsync(HttpRequestMessage request)
    {
        if (Cookies.GetCookieHeader(request.RequestUri!) is { Length: > 0 } header)
        {
            request.Headers.Add("Cookie", header);
        }

        request.Headers.Add("Accept", "text/html");
        HttpResponseMessage response = await _invoker.SendAsync(request, TestContext.Current.CancellationToken);
        if (response.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? values))
        {
            foreach (var value in values)
            {
                Cookies.SetCookies(request.RequestUri!, value);
            }
        }

        return new TestPage(response, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

internal sealed partial class TestPage(HttpResponseMessage response, string text)
{
    public HttpResponseMessage Response { get; } = response;

    public HttpStatusCode Status => Response.StatusCode;

    public string Text { get; } = text;

    public string Location => Response.Headers.Location?.OriginalString ?? throw new InvalidOperationException($"No redirect: {(int)Status} {Text}");

    /// <summary>The hidden fields of the form with this action.</summary>
    public Dictionary<string, string> FormFields(string action)
    {
        foreach (Match form in Form().Matches(Text))
        {
            if (WebUtility.HtmlDecode(form.Groups["action"].Value) == action)
            {
                return Hidden().Matches(form.Groups["body"].Value)
                    .ToDictionary(m => WebUtility.HtmlDecode(m.Groups["name"].Value), m => WebUtility.HtmlDecode(m.Groups["value"].Value));
            }
        }

        throw new InvalidOperationException($"No form for {action} in: {Text}");
    }

    [GeneratedRegex("""<form method="post" action="(?<action>[^"]*)"[^>]*>(?<body>.*?)</form>""", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("""<input type="hidden" name="(?<name>[^"]*)" value="(?<value>[^"]*)">""")]
    private static partial Regex Hidden();
}
