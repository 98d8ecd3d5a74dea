using System.Text;
using Portcullis.Authority;

namespace Portcullis.Server.Hosting;

/// <summary>
/// <c>/</c> for a person who typed the server's name into a browser: on to their account, or where others issue the tokens a few lines that say what this is. No
/// repository is called so. What doesn't ask for a page (git, programs, proxies) is answered as everywhere else, by the gateway.
/// </summary>
internal static class FrontPage
{
    /// <summary>Answers browsers at <c>/</c> before the gateway sees the request.</summary>
    public static void UseFrontPage(this WebApplication application)
    {
        var installation = application.Services.GetRequiredService<Installation>();
        var configuration = installation.Configuration;
        var text = configuration.Authority.Enabled ? null : Text(installation.Issuer, configuration.Issuers.Select(issuer => issuer.Issuer));
        application.Use((context, next) => IsAsked(context.Request) ? AnswerAsync(context, text) : next(context));
    }

    /// <summary>Whether a browser asks for this page.</summary>
    internal static bool IsAsked(HttpRequest request) =>
        request.Path.Value is "/"
        && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>What a server says that issues no tokens.</summary>
    /// <param name="address">Where it is reached.</param>
    /// <param name="issuers">Whose tokens it takes.</param>
    internal static string Text(string address, IEnumerable<string> issuers) => $"""
        This is a Git server. It opens to a valid, short-lived token only, which says itself what it opens.

            git clone {address}/<repository>.git

        Git asks for a user name and a password: the password is the token, and the user name may be any.
        Tokens come from {string.Join(" and ", issuers)}.

        """;

    /// <summary>Answers.</summary>
    /// <param name="context">The request.</param>
    /// <param name="text">What to say; null to lead to the account, and from there who is not signed in to the sign-in.</param>
    internal static async Task AnswerAsync(HttpContext context, string? text)
    {
        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Accept";
        response.Headers.XContentTypeOptions = "nosniff";
        if (text is null)
        {
            response.Redirect(AuthorityPaths.Account);
            return;
        }

        var body = Encoding.UTF8.GetBytes(text);
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = body.Length;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}
