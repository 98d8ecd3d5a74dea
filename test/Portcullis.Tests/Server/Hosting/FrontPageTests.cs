using System.Text;
using Microsoft.AspNetCore.Http;
using Portcullis.Server.Hosting;

namespace Portcullis.Tests.Server.Hosting;

public sealed class FrontPageTests
{
    private const string Browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

    [Theory]
    [InlineData("GET", "/", Browser, true)]
    [InlineData("HEAD", "/", "Text/HTML", true)]
    [InlineData("POST", "/", Browser, false)]
    [InlineData("OPTIONS", "/", Browser, false)]
    [InlineData("GET", "/", "*/*", false)]
    [InlineData("GET", "/", "application/json", false)]
    [InlineData("GET", "/", "", false)]
    [InlineData("GET", "", Browser, false)]
    [InlineData("GET", "//", Browser, false)]
    [InlineData("GET", "/acme/app", Browser, false)]
    [InlineData("GET", "/info/refs", Browser, false)]
    public void Is_for_browsers_at_the_root_alone(string method, string path, string accept, bool isAsked)
    {
        var context = new DefaultHttpContext { Request = { Method = method, Path = path } };
        context.Request.Headers.Accept = accept;

        Assert.Equal(isAsked, FrontPage.IsAsked(context.Request));
    }

    [Fact]
    public async Task Leads_to_the_account_where_this_server_issues_the_tokens()
    {
        var context = new DefaultHttpContext { Request = { Method = "GET", Path = "/", QueryString = new QueryString("?returnUrl=https://elsewhere.example") } };

        await FrontPage.AnswerAsync(context, text: null);

        Assert.Equal(StatusCodes.Status302Found, context.Response.StatusCode);
        Assert.Equal("/account", context.Response.Headers.Location);
        Assert.Equal("Accept", context.Response.Headers.Vary);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Says_elsewhere_what_the_server_is_and_how_to_clone(string method)
    {
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { Request = { Method = method, Path = "/" }, Response = { Body = body } };

        await FrontPage.AnswerAsync(context, FrontPage.Text("https://git.example.com", ["https://idp.example.com", "https://ci.example.com"]));

        var expected = """
            This is a Git server. It opens to a valid, short-lived token only, which says itself what it opens.

                git clone https://git.example.com/<repository>.git

            Git asks for a user name and a password: the password is the token, and the user name may be any.
            Tokens come from https://idp.example.com and https://ci.example.com.

            """;
        Assert.Equal(StatusCodes.Status200OK, context.Response.StatusCode);
        Assert.Equal("text/plain; charset=utf-8", context.Response.ContentType);
        Assert.Equal("nosniff", context.Response.Headers.XContentTypeOptions);
        Assert.Equal(Encoding.UTF8.GetByteCount(expected), context.Response.ContentLength);
        Assert.Equal(method == "GET" ? expected : "", Encoding.UTF8.GetString(body.ToArray()));
    }
}
