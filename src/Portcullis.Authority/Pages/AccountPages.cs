using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.WebUtilities;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.People;
using Portcullis.Authority.Sessions;

namespace Portcullis.Authority.Pages;

/// <summary>A person's own page: sessions and what was let in, password, passkeys, second factor.</summary>
internal sealed class AccountPages(
    SignIn signIn, UserManager<Person> people, SessionStore sessions, SessionList list, SecondStepPages secondStep, PageWriter pages, Revocations.Revocations revocations, SignInLimits limits,
    AuthorityOptions options)
{
    // Without the password again, a borrowed browser changes how one signs in only just after a sign-in.
    private static readonly TimeSpan s_fresh = TimeSpan.FromMinutes(15);

    public async Task HandleAsync(HttpContext http, string path, bool get)
    {
        AuthenticateResult current = await http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        if (!current.Succeeded || await people.GetUserAsync(current.Principal) is not { } person)
        {
            if (get)
            {
                http.Response.Redirect(QueryHelpers.AddQueryString(AuthorityPaths.Login, "returnUrl", AuthorityPaths.Account));
                return;
            }

            await FailAsync(http, "Sign in first.", StatusCodes.Status401Unauthorized);
            return;
        }

        if (!get && !await pages.IsGenuineAsync(http))
        {
            await FailAsync(http, "That took too long. Go back and try again.", StatusCodes.Status400BadRequest);
            return;
        }

        if (!get && path is not "/account/session/end" && !IsFresh(current))
        {
            await FailAsync(http, "Sign out, sign in again, and then change this: it has been a while.", StatusCodes.Status403Forbidden);
            return;
        }

        if (!options.LocalAccounts && path is not (AuthorityPaths.Account or "/account/session/end"))
        {
            await FailAsync(http, SignInPages.NoLocalAccounts, StatusCodes.Status404NotFound);
            return;
        }

        var session = current.Principal.FindFirstValue(PortcullisClaims.SessionId)!;
        await ((path, get) switch
        {
            (AuthorityPaths.Account, true) => ShowAsync(http, person, session),
            ("/account/session/end", false) => EndSessionAsync(http, person),
            ("/account/password", false) => PasswordAsync(http, person),
            ("/account/passkey/options", false) => PasskeyOptionsAsync(http, person),
            ("/account/passkey", false) => AddPasskeyAsync(http, person),
            ("/account/passkey/remove", false) => RemovePasskeyAsync(http, person),
            ("/account/code", true) => secondStep.ShowAsync(http, person, null),
            ("/account/code", false) => secondStep.TurnOnAsync(http, person),
            ("/account/code/disable", false) => secondStep.TurnOffAsync(http, person),
            _ => PageWriter.WriteMessageAsync(http, "Nothing here", "There is no page at this address.", StatusCodes.Status404NotFound),
        });
    }

    private static Task FailAsync(HttpContext http, string message, int status)
    {
        if (!http.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.Ordinal))
        {
            return PageWriter.WriteMessageAsync(http, "That did not work", message, status, (AuthorityPaths.Account, "Back to your account"));
        }

        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new { message }, http.RequestAborted);
    }

    private bool IsFresh(AuthenticateResult current) => SignIn.SignedInAt(current) is { } time && signIn.Now - time < s_fresh;

    private async Task ShowAsync(HttpContext http, Person person, string session)
    {
        Html sessionList = await list.RenderAsync(http, person, session);
        IList<UserPasskeyInfo> passkeys = await people.GetPasskeysAsync(person);
        Html local = Html.When(options.LocalAccounts, () => LocalAccount(person, passkeys, pages.Token(http)));

        // Who can't sign in again yet has that to do first.
        var isNew = options.LocalAccounts && person.PasswordHash is null && passkeys.Count == 0 && http.Request.Query.ContainsKey("welcome");
        await PageWriter.WriteAsync(
            http,
            $"Your account, {person.DisplayName ?? person.UserName}",
            Html.Of($"""
                {Html.When(isNew, () => Html.Of($"""<p class="done" role="status">Welcome. {(options.PasskeysWork ? "Add a passkey or set a password" : "Set a password")}, so that you can sign in next time.</p>"""))}
                {Html.When(PageNotices.Find(http.Request.Query["done"]) is not null, () => Html.Of($"""<p class="done" role="status">{PageNotices.Find(http.Request.Query["done"])}</p>"""))}
                <p id="script-problem" class="problem" role="alert" hidden></p>
                {(isNew ? local : default)}
                {sessionList}
                {(isNew ? default : local)}
                <form method="post" action="/logout">{pages.Token(http)}<button class="quiet">Sign out</button></form>
                """),
            head: Html.Of($"""<script src="/assets/portcullis.js" defer></script>"""));
    }

    private Html LocalAccount(Person person, IList<UserPasskeyInfo> passkeys, Html token) => Html.Of($"""
        <h2>Passkeys</h2>
        <ul class="plain">
        {Html.Each(passkeys, p => Html.Of($"""
            <li>{p.Name ?? "Passkey"} <span class="quiet-text">added {SessionList.When(p.CreatedAt)}</span>
            <form method="post" action="/account/passkey/remove">{token}<input type="hidden" name="id" value="{WebEncoders.Base64UrlEncode(p.CredentialId)}"><button class="danger" aria-label="Remove the passkey added {SessionList.When(p.CreatedAt)}">Remove</button></form></li>
            """))}
        </ul>
        {token}
        {(options.PasskeysWork
            ? Html.Of($"""<button type="button" id="passkey-add" hidden>Add a passkey</button><noscript><p class="quiet-text">Passkeys need script.</p></noscript>""")
            : Html.Of($"""<p class="quiet-text">Browsers allow passkeys only where a server is reached by a name, over HTTPS. This one is at {options.PublicUrl}.</p>"""))}
        <h2>Password</h2>
        <form method="post" action="/account/password">
        {token}
        <input type="text" name="name" value="{person.UserName}" autocomplete="username" hidden>
        {Html.When(person.PasswordHash is not null, () => Html.Of($"""
            <label for="old">Present password</label>
            <input type="password" id="old" name="old" autocomplete="current-password" required>
            """))}
        <label for="new">New password <span class="quiet-text">(12 characters or more)</span></label>
        <input type="password" id="new" name="new" autocomplete="new-password" minlength="12" required>
        <button>{(person.PasswordHash is null ? "Set" : "Change")} password</button>
        </form>
        {Html.When(person.PasswordHash is not null, () => Html.Of($"""
            <h2>Second step</h2>
            {(person.TwoFactorEnabled
                ? Html.Of($"""<p>A code from your app is asked for after the password.</p><form method="post" action="/account/code/disable">{token}<button class="danger">Turn off</button></form>""")
                : Html.Of($"""<p>Ask for a code from an app on your phone after the password. <a href="/account/code">Set it up</a></p>"""))}
            """))}
        """);

    private async Task EndSessionAsync(HttpContext http, Person person)
    {
        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        var id = (string?)form["session"] ?? "";

        // Only one's own; another's is as if it weren't there.
        if ((await sessions.ListAsync(person.UserName!, http.RequestAborted)).Any(session => session.Id == id))
        {
            await revocations.RevokeSessionAsync(id, http.RequestAborted);
        }

        http.Response.Redirect(PageNotices.Address("session"));
    }

    private async Task PasswordAsync(HttpContext http, Person person)
    {
        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        string? old = form["old"], wanted = form["new"];
        if (string.IsNullOrEmpty(wanted) || wanted.Length > 1024)
        {
            await FailAsync(http, "A password has 12 to 1024 characters.", StatusCodes.Status400BadRequest);
            return;
        }

        if (limits.MustWait(http.Connection.RemoteIpAddress?.ToString(), person.UserName) is { } wait)
        {
            AuthorityRouter.SetRetryAfter(http, wait);
            await FailAsync(http, "Too many attempts that failed. Wait a few minutes.", StatusCodes.Status429TooManyRequests);
            return;
        }

        if (person.PasswordHash is not null && !await people.CheckPasswordAsync(person, old ?? ""))
        {
            limits.CountFailure(http.Connection.RemoteIpAddress?.ToString(), person.UserName);
            await FailAsync(http, "The present password isn't right.", StatusCodes.Status400BadRequest);
            return;
        }

        IdentityResult result = person.PasswordHash is null ? await people.AddPasswordAsync(person, wanted) : await people.ChangePasswordAsync(person, old!, wanted);
        if (!result.Succeeded)
        {
            await FailAsync(http, string.Join(" ", result.Errors.Select(error => error.Description)), StatusCodes.Status400BadRequest);
            return;
        }

        // A change of how one signs in ends all other sessions of the website (their security stamp is old); this one goes on.
        await signIn.RefreshSignInAsync(person);
        http.Response.Redirect(PageNotices.Address("password"));
    }

    private async Task PasskeyOptionsAsync(HttpContext http, Person person)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(
            await signIn.MakePasskeyCreationOptionsAsync(new PasskeyUserEntity { Id = person.Id, Name = person.UserName!, DisplayName = person.DisplayName ?? person.UserName! }),
            http.RequestAborted);
    }

    private async Task AddPasskeyAsync(HttpContext http, Person person)
    {
        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        PasskeyAttestationResult? result = null;
        if ((string?)form["credential"] is { Length: > 0 and < 16_384 } credential && (await people.GetPasskeysAsync(person)).Count < 20)
        {
            try
            {
                result = await signIn.PerformPasskeyAttestationAsync(credential);
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
            {
                // Not from a browser's credentials API, or without the challenge that was asked for.
            }
        }

        if (result is not { Succeeded: true } || result.UserEntity.Id != person.Id || !(await people.AddOrUpdatePasskeyAsync(person, result.Passkey)).Succeeded)
        {
            await FailAsync(http, "This passkey could not be added.", StatusCodes.Status400BadRequest);
            return;
        }

        await http.Response.WriteAsJsonAsync(new { location = PageNotices.Address("passkey") }, http.RequestAborted);
    }

    private async Task RemovePasskeyAsync(HttpContext http, Person person)
    {
        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        try
        {
            await people.RemovePasskeyAsync(person, WebEncoders.Base64UrlDecode((string?)form["id"] ?? ""));
            http.Response.Redirect(PageNotices.Address("passkey-removed"));
        }
        catch (FormatException)
        {
            await FailAsync(http, "There is no such passkey.", StatusCodes.Status400BadRequest);
        }
    }
}
