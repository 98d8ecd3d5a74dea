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
using Portcullis.Authority.Pages;
using Portcullis.Authority.People;
using Portcullis.Authority.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Portcullis.Authority.OAuth;

/// <summary>The authorization endpoint (RFC 6749 §3.1): who is it, and do they agree? OpenIddict has judged client, redirect address and PKCE before.</summary>
internal sealed class AuthorizeEndpoint(
    AuthorityDbContext database, PermissionGrants grants, IOpenIddictApplicationManager applications, PageWriter pages, AuthorityOptions options, TimeProvider clock)
{
    public async Task HandleAsync(HttpContext http)
    {
        if (http.GetOpenIddictServerResponse() is { Error: { } error } response)
        {
            // Nobody may be redirected here: this address may not be the client's.
            await PageWriter.WriteMessageAsync(http, "This request can't be served", $"{response.ErrorDescription ?? error} Go back to the program that sent you here.", StatusCodes.Status400BadRequest);
            return;
        }

        OpenIddictRequest request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("Not an OpenIddict request.");
        if (string.IsNullOrEmpty(request.RedirectUri))
        {
            // RFC 6749 §3.1.2.3 lets a client leave it out that has one; then no code is bound to where it went.
            await PageWriter.WriteMessageAsync(http, "This request can't be served", "It does not say where to go afterwards (redirect_uri). Go back to the program that sent you here.", StatusCodes.Status400BadRequest);
            return;
        }

        AuthenticateResult signIn = await http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        DateTimeOffset now = clock.GetUtcNow();
        DateTimeOffset signedInAt = SignIn.SignedInAt(signIn) ?? now;

        // Who signed in within the last minute just did it for this: a shorter max_age would lead round in circles while they read what they agree to.
        var tooOld = request.MaxAge is { } age && now - signedInAt > TimeSpan.FromSeconds(Math.Max(age, 60));
        var again = request.HasPromptValue(PromptValues.Login) && now - signedInAt > TimeSpan.FromMinutes(1);
        if (!signIn.Succeeded || tooOld || again)
        {
            if (request.HasPromptValue(PromptValues.None))
            {
                await Refusals.RefuseAsync(http, Errors.LoginRequired, "The person has to sign in.");
                return;
            }

            http.Response.Redirect(QueryHelpers.AddQueryString(AuthorityPaths.Login, new Dictionary<string, string?>
            {
                ["returnUrl"] = AuthorityPaths.Authorize + QueryString.Create(Parameters(request)),
                ["again"] = signIn.Succeeded ? "1" : null,
            }));
            return;
        }

        var name = signIn.Principal!.FindFirstValue(ClaimTypes.Name)!;
        Person person = await database.Users.AsNoTracking().Include(p => p.Groups).SingleAsync(p => p.UserName == name, http.RequestAborted);
        object application = await applications.FindByClientIdAsync(request.ClientId!, http.RequestAborted) ?? throw new InvalidOperationException("The client vanished.");
        ClientInfo client = await ClientDescriptor.ReadAsync(applications, application, http.RequestAborted);
        var details = request.GetParameter("authorization_details")?.ToString();
        if (!RequestedResources.TryRead(request.Resources, options, out PermissionSet? repositories, out IssuingProblem? problem)
            || PermissionRequest.Read(request.Scope, details, out problem, repositories) is not { } asked
            || grants.Decide(new Identity(options.Issuer, name, client.Id, [], [.. person.Groups.Select(g => g.Name)]), asked = asked.For(person.MayAdminister(options), client), client.Ceiling, out problem) is not { } granted)
        {
            await Refusals.RefuseAsync(http, problem!);
            return;
        }

        // RFC 8252 §8.6: anyone can pass for a program on a person's machine, so such a one is never let in without a question.
        var mayGo = client is { IsTrusted: true, IsConfidential: true };
        if (HttpMethods.IsPost(http.Request.Method) && http.Request.HasFormContentType && (string?)(await http.Request.ReadFormAsync(http.RequestAborted))["decision"] is { } decision)
        {
            if (!await pages.IsGenuineAsync(http))
            {
                await PageWriter.WriteMessageAsync(http, "That took too long", "Go back to the program that sent you here, and start again.", StatusCodes.Status400BadRequest);
                return;
            }

            if (decision != "allow")
            {
                await Refusals.RefuseAsync(http, Errors.AccessDenied, "The person said no.");
                return;
            }

            mayGo = true;
        }

        if (mayGo)
        {
            await http.SignInAsync(
                OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, Principals.For(person, asked, signedInAt));
        }
        else if (request.HasPromptValue(PromptValues.None))
        {
            await Refusals.RefuseAsync(http, Errors.ConsentRequired, "The person has to agree.");
        }
        else
        {
            await AskAsync(http, request, client, person, granted, asked);
        }
    }

    private Task AskAsync(HttpContext http, OpenIddictRequest request, ClientInfo client, Person person, PermissionSet granted, PermissionRequest asked)
    {
        var target = new Uri(request.RedirectUri!, UriKind.Absolute);
        return PageWriter.WriteAsync(
            http,
            $"Let {client.DisplayName ?? client.Id} in?",
            Html.Of($"""
                {ConsentList.Render(client, person, granted, asked)}
                <p class="quiet-text">You are sent on to {(target.IsLoopback ? "a program on this computer" : target.Host)}. Say no if you didn't just start this yourself.</p>
                <form method="post" action="{AuthorityPaths.Authorize}">
                {Html.Each(Parameters(request), parameter => Html.Of($"""<input type="hidden" name="{parameter.Key}" value="{parameter.Value}">"""))}
                {pages.Token(http)}
                <button name="decision" value="allow">Allow</button>
                <button name="decision" value="deny" class="quiet">Deny</button>
                </form>
                """),
            formTarget: target.Scheme is "http" or "https" ? target.GetLeftPart(UriPartial.Authority) : target.Scheme + ":");
    }

    private static IEnumerable<KeyValuePair<string, string?>> Parameters(OpenIddictRequest request) => request.GetParameters()
        .Where(parameter => parameter.Key is not ("decision" or "__RequestVerificationToken"))
        .Select(parameter => new KeyValuePair<string, string?>(parameter.Key, parameter.Value.ToString()));
}
