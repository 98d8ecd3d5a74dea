using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.OAuth;
using Portcullis.Authority.People;
using Portcullis.Authority.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Portcullis.Authority.Pages;

/// <summary>Where a person types the code that a device shows (RFC 8628 §3.3), and says whether it may come in.</summary>
internal sealed class DevicePage(
    AuthorityDbContext database, PermissionGrants grants, IOpenIddictApplicationManager applications, PageWriter pages, SignInLimits limits, AuthorityOptions options, TimeProvider clock)
{
    public async Task HandleAsync(HttpContext http)
    {
        AuthenticateResult signIn = await http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        var typed = http.GetOpenIddictServerRequest()?.UserCode;
        if (!signIn.Succeeded)
        {
            http.Response.Redirect(QueryHelpers.AddQueryString(
                AuthorityPaths.Login, "returnUrl", typed is null ? AuthorityPaths.DevicePage : QueryHelpers.AddQueryString(AuthorityPaths.DevicePage, "user_code", typed)));
            return;
        }

        var name = signIn.Principal!.FindFirstValue(ClaimTypes.Name)!;
        var address = http.Connection.RemoteIpAddress?.ToString();
        if (string.IsNullOrWhiteSpace(typed))
        {
            await AskForCodeAsync(http, null);
            return;
        }

        // Codes are short: whoever guesses has few tries, and needs an account to try at all (RFC 8628 §5.1).
        if (limits.MustWait(address, "device:" + name) is { } wait)
        {
            AuthorityRouter.SetRetryAfter(http, wait);
            await AskForCodeAsync(http, "Too many codes that were wrong. Wait a few minutes.", StatusCodes.Status429TooManyRequests);
            return;
        }

        AuthenticateResult code = await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        if (!code.Succeeded || code.Principal.GetClaim(Claims.ClientId) is not { } clientId
            || await applications.FindByClientIdAsync(clientId, http.RequestAborted) is not { } application)
        {
            limits.CountFailure(address, "device:" + name);
            await AskForCodeAsync(http, "There is no such code, or it has run out.", StatusCodes.Status400BadRequest);
            return;
        }

        ClientInfo client = await ClientDescriptor.ReadAsync(applications, application, http.RequestAborted);
        Person person = await database.Users.AsNoTracking().Include(p => p.Groups).SingleAsync(p => p.UserName == name, http.RequestAborted);
        var scope = string.Join(' ', code.Principal.GetScopes());
        if (PermissionRequest.Read(scope, null, out IssuingProblem? problem) is not { } asked
            || grants.Decide(new Identity(options.Issuer, name, client.Id, [], [.. person.Groups.Select(g => g.Name)]), asked = asked.For(person.MayAdminister(options), client), client.Ceiling, out problem) is not { } granted)
        {
            await PageWriter.WriteMessageAsync(http, "That can't be allowed", problem!.Description, StatusCodes.Status403Forbidden);
            return;
        }

        var decision = HttpMethods.IsPost(http.Request.Method) ? (string?)(await http.Request.ReadFormAsync(http.RequestAborted))["decision"] : null;
        if (decision is null)
        {
            await AskAsync(http, typed, client, person, granted, asked);
        }
        else if (!await pages.IsGenuineAsync(http))
        {
            await AskForCodeAsync(http, "That took too long. Type the code again.", StatusCodes.Status400BadRequest);
        }
        else if (decision == "allow")
        {
            await http.SignInAsync(
                OpenIddictServerAspNetCoreDefaults.AuthenticationScheme,
                Principals.For(person, asked, SignIn.SignedInAt(signIn) ?? clock.GetUtcNow()),
                new AuthenticationProperties { RedirectUri = "/login/device-done" });
        }
        else
        {
            await http.ForbidAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, new AuthenticationProperties { RedirectUri = "/login/device-denied" });
        }
    }

    private Task AskForCodeAsync(HttpContext http, string? problem, int status = StatusCodes.Status200OK) => PageWriter.WriteAsync(
        http,
        "Sign in a device",
        Html.Of($"""
            {Html.When(problem is not null, () => Html.Of($"""<p class="problem" role="alert">{problem}</p>"""))}
            <form method="post" action="{AuthorityPaths.DevicePage}">
            {pages.Token(http)}
            <label for="user_code">The code that your device shows</label>
            <input type="text" id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus>
            <button>Continue</button>
            </form>
            """),
        status);

    private Task AskAsync(HttpContext http, string typed, ClientInfo client, Person person, PermissionSet granted, PermissionRequest asked) => PageWriter.WriteAsync(
        http,
        $"Let {client.DisplayName ?? client.Id} in?",
        Html.Of($"""
            <p>Code: <strong>{typed}</strong>. Does your device show the same one? If you didn't start this on a device in front of you, say no.</p>
            {ConsentList.Render(client, person, granted, asked)}
            <form method="post" action="{AuthorityPaths.DevicePage}">
            <input type="hidden" name="user_code" value="{typed}">
            {pages.Token(http)}
            <button name="decision" value="allow">Allow</button>
            <button name="decision" value="deny" class="quiet">Deny</button>
            </form>
            """));
}
