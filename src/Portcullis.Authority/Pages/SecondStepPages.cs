using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Portcullis.Authority.People;
using QRCoder;

namespace Portcullis.Authority.Pages;

/// <summary>Turns the second step, a code of an app on a phone, on and off.</summary>
internal sealed class SecondStepPages(SignIn signIn, UserManager<Person> people, IUserStore<Person> store, PageWriter pages, AuthorityOptions options)
{
    public async Task ShowAsync(HttpContext http, Person person, string? problem)
    {
        if (person.TwoFactorEnabled)
        {
            http.Response.Redirect(AuthorityPaths.Account);
            return;
        }

        var key = await people.GetAuthenticatorKeyAsync(person);
        if (string.IsNullOrEmpty(key))
        {
            // Not by ResetAuthenticatorKeyAsync, which signs the person out everywhere, here too: nothing of how they sign in has changed yet.
            key = people.GenerateNewAuthenticatorKey();
            await ((IUserAuthenticatorKeyStore<Person>)store).SetAuthenticatorKeyAsync(person, key, http.RequestAborted);
            await people.UpdateAsync(person);
        }

        var name = $"Portcullis {new Uri(options.PublicUrl).Host}";
        var link = $"otpauth://totp/{Uri.EscapeDataString($"{name}:{person.UserName}")}?secret={key}&issuer={Uri.EscapeDataString(name)}&digits=6&period=30";
        await PageWriter.WriteAsync(
            http,
            "Set up a second step",
            Html.Of($"""
                {SignInPages.Problem(problem)}
                <p>Scan this with an authenticator app on your phone, then type the code that the app shows.</p>
                {Picture(link)}
                <p class="quiet-text">Can't scan it? <a href="{link}">Open it on this device</a>, or type this key into the app:<br><code>{string.Join(' ', key.Chunk(4).Select(chunk => new string(chunk)))}</code></p>
                <form method="post" action="/account/code">
                {pages.Token(http)}
                <label for="code">Code</label>
                <input type="text" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus>
                <button>Turn on</button>
                </form>
                """),
            problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    public async Task TurnOnAsync(HttpContext http, Person person)
    {
        IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
        var code = ((string?)form["code"] ?? "").Replace(" ", "", StringComparison.Ordinal);
        if (!await people.VerifyTwoFactorTokenAsync(person, TokenOptions.DefaultAuthenticatorProvider, code))
        {
            await ShowAsync(http, person, "That code isn't right. Is the clock of your phone?");
            return;
        }

        await people.SetTwoFactorEnabledAsync(person, true);
        IEnumerable<string> recovery = await people.GenerateNewTwoFactorRecoveryCodesAsync(person, 10) ?? [];
        await signIn.RefreshSignInAsync(person);
        await PageWriter.WriteAsync(http, "Keep these recovery codes", Html.Of($"""
            <p>Each signs you in once when your phone is gone. They are shown this one time.</p>
            <ul class="plain codes">{Html.Each(recovery, text => Html.Of($"<li><code>{text}</code></li>"))}</ul>
            <p><a class="button" href="{PageNotices.Address("second-step")}">I have kept them</a></p>
            """));
    }

    public async Task TurnOffAsync(HttpContext http, Person person)
    {
        await people.SetTwoFactorEnabledAsync(person, false);
        await people.ResetAuthenticatorKeyAsync(person);

        // Both end every other session of the website; this one goes on.
        await signIn.RefreshSignInAsync(person);
        http.Response.Redirect(PageNotices.Address("second-step-off"));
    }

    // Part of the page: a picture of its own would be an address that shows the key.
    private static Html Picture(string text)
    {
        using QRCodeData code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var path = new StringBuilder();
        for (var y = 0; y < code.ModuleMatrix.Count; y++)
        {
            for (var x = 0; x < code.ModuleMatrix[y].Count; x++)
            {
                if (code.ModuleMatrix[y][x])
                {
                    path.Append(System.Globalization.CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
                }
            }
        }

        var size = code.ModuleMatrix.Count;
        return Html.Of($"""<svg class="code" role="img" aria-label="The key below, as a picture for the app" viewBox="0 0 {size} {size}" shape-rendering="crispEdges"><path d="{path.ToString()}"/></svg>""");
    }
}
