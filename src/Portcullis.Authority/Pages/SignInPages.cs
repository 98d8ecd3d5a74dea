using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Primitives;
using Portcullis.Authority.ExternalSignIn;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.People;

namespace Portcullis.Authority.Pages;

/// <summary>Signing in: password, second factor, passkey, enrolment; and out.</summary>
internal sealed class SignInPages(
    SignIn signIn, UserManager<Person> people, PageWriter pages, SignInLimits limits, EnrolmentLinks enrolments, Revocations.Revocations revocations, ExternalSignInPages external,
    AuthorityAudit audit, AuthorityOptions options)
{
    internal const string NoLocalAccounts = "This server has no accounts of its own. Sign in with your provider.";
    private const string ExternalPath = "/login/external/";

    // What a person with a wrong password, without an account, or with one that is locked or disabled hears: the same.
    private const string Wrong = "That user name and password don't belong together. After several wrong ones an account rests for five minutes.";

    public async Task HandleAsync(HttpContext http, string path, bool get)
    {
        if (!get && !await pages.IsGenuineAsync(http))
        {
            await FailAsync(http, "That took too long, or your browser blocks cookies. Go back and try again.", StatusCodes.Status400BadRequest);
            return;
        }

        if (path.StartsWith(ExternalPath, StringComparison.Ordinal))
        {
            await ExternalAsync(http, path[ExternalPath.Length..], get);
            return;
        }

        if (!options.LocalAccounts && (path.StartsWith("/login/passkey", StringComparison.Ordinal) || path is "/login/code" or "/login/enrol" || (path == AuthorityPaths.Login && !get)))
        {
            await FailAsync(http, NoLocalAccounts, StatusCodes.Status404NotFound);
            return;
        }

        await ((path, get) switch
        {
            (AuthorityPaths.Login, true) => ShowAsync(http, ReturnUrl(http.Request.Query["returnUrl"]), null),
            (AuthorityPaths.Login, false) => PasswordAsync(http),
            ("/login/code", true) => ShowCodeAsync(http, ReturnUrl(http.Request.Query["returnUrl"]), null),
            ("/login/code", false) => CodeAsync(http),
            ("/login/passkey/options", false) => PasskeyOptionsAsync(http),
            ("/login/passkey", false) => PasskeyAsync(http),
            ("/login/enrol", true) => ShowEnrolAsync(http, null),
            ("/login/enrol", false) => EnrolAsync(http),
            ("/login/device-done", true) => PageWriter.WriteMessageAsync(http, "Done", "Your device is signed in. You can close this page.", StatusCodes.Status200OK),
            ("/login/device-denied", true) => PageWriter.WriteMessageAsync(http, "Refused", "Nothing was let in. You can close this page.", StatusCodes.Status200OK),
            ("/logout", false) => SignOutAsync(http),
            _ => PageWriter.WriteMessageAsync(http, "Nothing here", "There is no page at this address.", StatusCodes.Status404NotFound),
        });
    }

    /// <summary>An address on this server only: "//evil" and "/\evil" lead elsewhere.</summary>
    internal static string ReturnUrl(StringValues value) =>
        value.Count == 1 && value[0] is { Length: > 0 and <= 16_384 } url && url[0] == '/' && (url.Length == 1 || (url[1] != '/' && url[1] != '\\')) && !url.Any(char.IsControl)
            ? url
            : AuthorityPaths.Account;

    private async Task ExternalAsync(HttpContext http, string rest, bool get)
    {
        var parts = rest.Split('/');
        await ((parts.Length, parts[^1], get) switch
        {
            (1, _, false) => external.StartAsync(http, parts[0], ReturnUrl((await http.Request.ReadFormAsync(http.RequestAborted))["returnUrl"])),
            (2, "callback", true) => external.ReturnAsync(http, parts[0]),
            _ => PageWriter.WriteMessageAsync(http, "Nothing here", "There is no page at this address.", StatusCodes.Status404NotFound),
        });
    }

    private static string? Address(HttpContext http) => http.Connection.RemoteIpAddress?.ToString();

    private static bool WantsJson(HttpContext http) => http.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.Ordinal);

    private static Task FailAsync(HttpContext http, string message, int status)
    {
        if (!WantsJson(http))
        {
            return PageWriter.WriteMessageAsync(http, "That did not work", message, status, (AuthorityPaths.Login, "Sign in"));
        }

        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new { message }, http.RequestAborted);
    }

    private Task ShowAsync(HttpContext http, string returnUrl, string? problem, int status = StatusCodes.Status200OK, string? name = null) => PageWriter.WriteAsync(
        http,
        "Sign in",
        Html.Of($"""
            {Problem(problem)}
            <p id="script-problem" class="problem" role="alert" hidden></p>
            {Html.When(options.LocalAccounts, () => Html.Of($"""
                <form method="post" action="{AuthorityPaths.Login}">
                {pages.Token(http)}
                <input type="hidden" name="returnUrl" value="{returnUrl}">
                <label for="name">User name</label>
                <input type="text" id="name" name="name" value="{name}" autocomplete="username webauthn" autocapitalize="none" spellcheck="false" required {Focus(name is null)}>
                <label for="password">Password</label>
                <input type="password" id="password" name="password" autocomplete="current-password" required {Focus(name is not null)}>
                <button>Sign in</button>
                {Html.When(options.PasskeysWork, () => Html.Of($"""<button type="button" class="quiet" id="passkey-sign-in" data-return-url="{returnUrl}" hidden>Use a passkey</button>"""))}
                </form>
                """))}
            {Html.Each(options.ExternalProviders, provider => Html.Of($"""
                <form method="post" action="/login/external/{provider.Name}">
                {pages.Token(http)}
                <input type="hidden" name="returnUrl" value="{returnUrl}">
                <button class="quiet">Sign in with {provider.DisplayName ?? provider.Name}</button>
                </form>
                """))}
            """),
        status,
        head: Html.Of($"""<script src="/assets/portcullis.js" defer></script>"""));

    private async Task PasswordAsync(HttpContext http)
    {
        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        var returnUrl = ReturnUrl(form["returnUrl"]);
        string? name = form["name"], password = form["password"];
        if (string.IsNullOrEmpty(name) || string.IsNullOrEmpty(password) || name.Length > 256 || password.Length > 1024)
        {
            await ShowAsync(http, returnUrl, Wrong, StatusCodes.Status400BadRequest);
            return;
        }

        if (await MustWaitAsync(http, name))
        {
            return;
        }

        Person? person = await people.FindByNameAsync(name);
        SignInResult result;
        if (person?.PasswordHash is null || !await signIn.CanSignInAsync(person) || await people.IsLockedOutAsync(person))
        {
            // As long as a real check takes: the clock must not tell who has an account, nor whether it may be used.
            people.PasswordHasher.HashPassword(new Person(), password);
            result = SignInResult.Failed;
        }
        else
        {
            result = await signIn.PasswordSignInAsync(person, password, isPersistent: false, lockoutOnFailure: true);
        }

        if (result.Succeeded)
        {
            limits.ForgetAccount(name);
            await PageWriter.WriteContinueAsync(http, returnUrl);
        }
        else if (result.RequiresTwoFactor)
        {
            await ShowCodeAsync(http, returnUrl, null);
        }
        else
        {
            limits.CountFailure(Address(http), name);
            await audit.RefusedAsync(http, AuthorityAudit.SignedIn, person?.UserName, null, "password_wrong");
            await ShowAsync(http, returnUrl, Wrong, StatusCodes.Status400BadRequest, name);
        }
    }

    private async Task<bool> MustWaitAsync(HttpContext http, string? account)
    {
        if (limits.MustWait(Address(http), account) is not { } wait)
        {
            return false;
        }

        AuthorityRouter.SetRetryAfter(http, wait);
        await FailAsync(http, "Too many attempts that failed. Wait a few minutes, then try again.", StatusCodes.Status429TooManyRequests);
        return true;
    }

    private Task ShowCodeAsync(HttpContext http, string returnUrl, string? problem, int status = StatusCodes.Status200OK) => PageWriter.WriteAsync(
        http,
        "One more step",
        Html.Of($"""
            {Problem(problem)}
            <form method="post" action="/login/code">
            {pages.Token(http)}
            <input type="hidden" name="returnUrl" value="{returnUrl}">
            <label for="code">The code from your app, or a recovery code</label>
            <input type="text" id="code" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required autofocus>
            <button>Sign in</button>
            </form>
            """),
        status);

    private async Task CodeAsync(HttpContext http)
    {
        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        var returnUrl = ReturnUrl(form["returnUrl"]);
        if (await signIn.GetTwoFactorAuthenticationUserAsync() is not { } person)
        {
            await ShowAsync(http, returnUrl, "That took too long. Begin again.", StatusCodes.Status400BadRequest);
            return;
        }

        if (await MustWaitAsync(http, person.UserName))
        {
            return;
        }

        var code = ((string?)form["code"] ?? "").Replace(" ", "", StringComparison.Ordinal);
        SignInResult result = code.Length == 6 && code.All(char.IsAsciiDigit)
            ? await signIn.TwoFactorAuthenticatorSignInAsync(code, isPersistent: false, rememberClient: false)
            : await signIn.TwoFactorRecoveryCodeSignInAsync(code);
        if (result.Succeeded)
        {
            limits.ForgetAccount(person.UserName!);
            await PageWriter.WriteContinueAsync(http, returnUrl);
            return;
        }

        limits.CountFailure(Address(http), person.UserName);
        await audit.RefusedAsync(http, AuthorityAudit.SignedIn, person.UserName, null, "code_wrong");
        await ShowCodeAsync(http, returnUrl, "That code isn't right, or it was used before.", StatusCodes.Status400BadRequest);
    }

    private async Task PasskeyOptionsAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(await signIn.MakePasskeyRequestOptionsAsync(null), http.RequestAborted);
    }

    private async Task PasskeyAsync(HttpContext http)
    {
        if (await MustWaitAsync(http, null))
        {
            return;
        }

        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        SignInResult result = SignInResult.Failed;
        if ((string?)form["credential"] is { Length: > 0 and < 16_384 } credential)
        {
            try
            {
                result = await signIn.PasskeySignInAsync(credential);
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
            {
                // Not from a browser's credentials API, or without the challenge that was asked for.
            }
        }

        if (!result.Succeeded)
        {
            limits.CountFailure(Address(http), null);
            await FailAsync(http, "This passkey isn't known here.", StatusCodes.Status400BadRequest);
            return;
        }

        await http.Response.WriteAsJsonAsync(new { location = ReturnUrl(form["returnUrl"]) }, http.RequestAborted);
    }

    private Task ShowEnrolAsync(HttpContext http, string? problem, int status = StatusCodes.Status200OK) => PageWriter.WriteAsync(
        http,
        "Welcome",
        Html.Of($"""
            {Problem(problem)}
            <p>You were given a link to set up your account. It works once.</p>
            <form method="post" action="/login/enrol" id="enrolment">
            {pages.Token(http)}
            <div id="enrolment-secret">
            <label for="secret">What stands behind the # of your link</label>
            <input type="text" id="secret" name="secret" autocomplete="off" autocapitalize="none" spellcheck="false" required>
            </div>
            <button>Set up my account</button>
            </form>
            """),
        status,
        head: Html.Of($"""<script src="/assets/portcullis.js" defer></script>"""));

    private async Task EnrolAsync(HttpContext http)
    {
        if (await MustWaitAsync(http, null))
        {
            return;
        }

        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        if ((string?)form["secret"] is not { Length: > 0 and <= 128 } secret
            || await enrolments.RedeemAsync(secret.Trim(), http.RequestAborted) is not { } id
            || await people.FindByIdAsync(id) is not { DisabledAt: null } person)
        {
            limits.CountFailure(Address(http), null);
            await ShowEnrolAsync(http, "This link was used before, or has run out. Ask an administrator for a new one.", StatusCodes.Status400BadRequest);
            return;
        }

        await signIn.SignInAsync(person, isPersistent: false, "enrolment");
        await PageWriter.WriteContinueAsync(http, AuthorityPaths.Account + "?welcome=1");
    }

    private async Task SignOutAsync(HttpContext http)
    {
        AuthenticateResult current = await http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        if (current.Principal?.FindFirst(PortcullisClaims.SessionId)?.Value is { } session)
        {
            await revocations.RevokeSessionAsync(session, http.RequestAborted);
        }

        await signIn.SignOutAsync();
        await PageWriter.WriteMessageAsync(http, "Signed out", "You are signed out of these pages. Programs that you let in stay signed in; you find them under your account.", StatusCodes.Status200OK);
    }

    private static Html Focus(bool isHere) => Html.When(isHere, () => Html.Of($"autofocus"));

    internal static Html Problem(string? problem) => Html.When(problem is not null, () => Html.Of($"""<p class="problem" role="alert">{problem}</p>"""));
}
