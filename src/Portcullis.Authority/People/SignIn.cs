using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.Sessions;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.People;

/// <summary>Identity's sign-in, with a session row behind each cookie: so that it can be seen, and ended from elsewhere.</summary>
internal sealed class SignIn(
    UserManager<Person> people, IHttpContextAccessor http, IUserClaimsPrincipalFactory<Person> claims, IOptions<IdentityOptions> identity, ILogger<SignInManager<Person>> log,
    IAuthenticationSchemeProvider schemes, IUserConfirmation<Person> confirmation, AuthorityDbContext database, SessionStore sessions, AuthorityAudit audit, AuthorityOptions options, TimeProvider clock)
    : SignInManager<Person>(people, http, claims, identity, log, schemes, confirmation)
{
    /// <summary>In a cookie's properties: when the person last proved who they are. Renewals of the cookie keep it, other than its own time.</summary>
    public const string SignedInAtProperty = "portcullis.signed_in_at";

    public DateTimeOffset Now => clock.GetUtcNow();

    public override async Task<bool> CanSignInAsync(Person user) => user.DisabledAt is null && await base.CanSignInAsync(user);

    // Identity asks this before it looks at a password or a code, and not for a passkey.
    protected override async Task<SignInResult> SignInOrTwoFactorAsync(Person user, bool isPersistent, string? loginProvider = null, bool bypassTwoFactor = false) =>
        await CanSignInAsync(user) ? await base.SignInOrTwoFactorAsync(user, isPersistent, loginProvider, bypassTwoFactor) : SignInResult.NotAllowed;

    public override async Task SignInWithClaimsAsync(Person user, AuthenticationProperties? authenticationProperties, IEnumerable<Claim> additionalClaims)
    {
        authenticationProperties ??= new AuthenticationProperties();
        if (authenticationProperties.GetString(SignedInAtProperty) is not null && Context.User.FindFirstValue(PortcullisClaims.SessionId) is { } known)
        {
            // A renewal of a cookie that stands, after a change of password or the like.
            await base.SignInWithClaimsAsync(user, authenticationProperties, additionalClaims.Append(new Claim(PortcullisClaims.SessionId, known)));
            return;
        }

        authenticationProperties.SetString(SignedInAtProperty, Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture));

        // A new session for each sign-in: what a browser brought along counts for nothing (session fixation).
        Session session = sessions.Create(
            user.UserName!, null, options.BrowserSessionLifetime, null, Context.Connection.RemoteIpAddress?.ToString(), Context.Request.Headers.UserAgent.ToString());
        sessions.Add(session);
        await audit.SignedInAsync(Context, user.UserName!, session.Id);
        await database.SaveChangesAsync(Context.RequestAborted);
        await base.SignInWithClaimsAsync(user, authenticationProperties, additionalClaims.Append(new Claim(PortcullisClaims.SessionId, session.Id)));
    }

    /// <summary>When the person behind a cookie last proved who they are.</summary>
    public static DateTimeOffset? SignedInAt(AuthenticateResult cookie) =>
        cookie.Properties?.GetString(SignedInAtProperty) is { } text
        && long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    /// <summary>Identity makes the principal anew with each look at the person; the session that it stands for, and how it began, stay.</summary>
    public static Task KeepSession(SecurityStampRefreshingPrincipalContext context)
    {
        if (context.NewPrincipal?.Identities.FirstOrDefault() is { } identity)
        {
            identity.AddClaims((context.CurrentPrincipal?.Claims ?? []).Where(claim => claim.Type is PortcullisClaims.SessionId or ClaimTypes.AuthenticationMethod or "amr"));
        }

        return Task.CompletedTask;
    }

    /// <summary>Whether a cookie's session and person are still there: asked for each page.</summary>
    public static async Task ValidateCookieAsync(CookieValidatePrincipalContext context)
    {
        await SecurityStampValidator.ValidatePrincipalAsync(context);
        if (context.Principal?.FindFirstValue(PortcullisClaims.SessionId) is not { } id
            || await context.HttpContext.RequestServices.GetRequiredService<SessionStore>().FindAliveAsync(id, context.HttpContext.RequestAborted) is not { } session)
        {
            context.RejectPrincipal();
            return;
        }

        var options = context.HttpContext.RequestServices.GetRequiredService<AuthorityOptions>();
        DateTimeOffset now = context.HttpContext.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        if (now - session.LastUsedAt > TimeSpan.FromMinutes(1))
        {
            session.LastUsedAt = now;
            session.ExpiresAt = now + options.BrowserSessionLifetime;
            await context.HttpContext.RequestServices.GetRequiredService<AuthorityDbContext>().SaveChangesAsync(context.HttpContext.RequestAborted);
        }
    }
}
