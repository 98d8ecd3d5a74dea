using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;

namespace Portcullis.Authority.Pages;

/// <summary>Writes whole pages, with the headers that keep them from being framed, scripted or cached.</summary>
internal sealed class PageWriter(IAntiforgery antiforgery)
{
    /// <summary>The field that every form of ours carries.</summary>
    public Html Token(HttpContext http)
    {
        AntiforgeryTokenSet tokens = antiforgery.GetAndStoreTokens(http);
        return Html.Of($"""<input type="hidden" name="{tokens.FormFieldName}" value="{tokens.RequestToken}">""");
    }

    /// <summary>Whether a form came from a page of ours, for this browser and this person.</summary>
    public Task<bool> IsGenuineAsync(HttpContext http) => antiforgery.IsRequestValidAsync(http);

    /// <param name="http">The request.</param>
    /// <param name="title">The page's heading, too.</param>
    /// <param name="body">What stands below it.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="formTarget">An origin besides our own that a form's answer may lead to: browsers apply form-action to redirects, too.</param>
    /// <param name="head">Something for the head.</param>
    public static Task WriteAsync(HttpContext http, string title, Html body, int status = StatusCodes.Status200OK, string? formTarget = null, Html head = default)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'{(formTarget is null ? "" : " " + formTarget)}; base-uri 'none'; frame-ancestors 'none'";
        var page = Html.Of($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{title} · Portcullis</title>
            <link rel="icon" href="/assets/portcullis.svg" type="image/svg+xml">
            <link rel="stylesheet" href="/assets/portcullis.css">
            {head}
            </head>
            <body>
            <main>
            <p class="brand"><img src="/assets/portcullis.svg" alt="" width="28" height="28"> Portcullis</p>
            <h1>{title}</h1>
            {body}
            </main>
            </body>
            </html>

            """).ToString();
        return http.Response.WriteAsync(page, Encoding.UTF8, http.RequestAborted);
    }

    /// <summary>A page that says one thing.</summary>
    /// <param name="http">The request.</param>
    /// <param name="title">The page's heading, too.</param>
    /// <param name="text">What it says.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="back">Where a person may want to go from here, and how it is called.</param>
    public static Task WriteMessageAsync(HttpContext http, string title, string text, int status, (string Address, string Name)? back = null) => WriteAsync(
        http, title, Html.Of($"""<p>{text}</p>{Html.When(back is not null, () => Html.Of($"""<p><a href="{back!.Value.Address}">{back.Value.Name}</a></p>"""))}"""), status);

    /// <summary>
    /// Leads on after a form without an HTTP redirect: a chain of redirects from a form may end at a client's address, which this form's policy can't know.
    /// </summary>
    public static Task WriteContinueAsync(HttpContext http, string location, string title = "Signed in") => WriteAsync(
        http, title, Html.Of($"""<p><a href="{location}">Continue</a></p>"""),
        head: Html.Of($"""<meta http-equiv="refresh" content="0;url={location}">"""));
}
