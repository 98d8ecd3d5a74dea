using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.People;
using Portcullis.Authority.Sessions;
using Portcullis.Authority.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Portcullis.Authority.OAuth;

/// <summary>
/// The token endpoint (RFC 6749 §3.2). OpenIddict has authenticated the client and checked code, refresh token or assertion; here is decided what the token says.
/// </summary>
internal sealed class TokenEndpoint(
    AuthorityDbContext database, CompiledQueries queries, SessionStore sessions, PermissionGrants grants, TokenExchange exchange, AccessTokenWriter writer,
    IOpenIddictApplicationManager applications, GrantTransaction transaction, AuthorityAudit audit, AuthorityOptions options, TimeProvider clock)
{
    public async Task HandleAsync(HttpContext http)
    {
        OpenIddictRequest request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("Not an OpenIddict request.");
        object application = await applications.FindByClientIdAsync(request.ClientId!, http.RequestAborted)
            ?? throw new InvalidOperationException("The client vanished.");
        ClientInfo client = await ClientDescriptor.ReadAsync(applications, application, http.RequestAborted);
        if (request.IsClientCredentialsGrantType())
        {
            await IssueToClientAsync(http, request, client);
        }
        else if (request.IsTokenExchangeGrantType())
        {
            await IssueForTokenAsync(http, request, client);
        }
        else
        {
            await IssueToPersonAsync(http, request, client);
        }
    }

    private async Task IssueToClientAsync(HttpContext http, OpenIddictRequest request, ClientInfo client)
    {
        var who = new Identity(options.Issuer, client.Id, client.Id, [], []);
        if (Read(request, out IssuingProblem? problem) is not { } asked
            || grants.Decide(who, asked = asked.For(isAdministrator: false, client), client.Ceiling, out problem) is not { } granted)
        {
            await RefuseAsync(http, client, problem!);
            return;
        }

        DateTimeOffset now = clock.GetUtcNow();
        await AnswerAsync(http, Principals.Of(client.Id), granted, new AccessToken
        {
            Subject = client.Id,
            ClientId = client.Id,
            Scope = granted.ToScope(),
            IssuedAt = now,
            ExpiresAt = now + grants.Lifetime(client, who, granted),
            Algorithm = client.SigningAlgorithm,
        });
    }

    private async Task IssueToPersonAsync(HttpContext http, OpenIddictRequest request, ClientInfo client)
    {
        ClaimsPrincipal principal = (await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme)).Principal
            ?? throw new InvalidOperationException("No principal behind a code that was accepted.");
        var name = principal.GetClaim(Claims.Subject)!;
        Person? person = await queries.FindPersonAsync(database, name, http.RequestAborted);
        if (person is null or { DisabledAt: not null })
        {
            await Refusals.RefuseAsync(http, Errors.InvalidGrant, "This account can't be used. Ask an administrator.");
            return;
        }

        Session? session = await FindOrOpenSessionAsync(http, request, principal, person, client);
        if (session is null)
        {
            await Refusals.RefuseAsync(http, Errors.InvalidGrant, "This session has ended. Sign in again.");
            return;
        }

        // Asked for then, narrowed now: a refresh may ask for less (RFC 6749 §6).
        var who = new Identity(options.Issuer, name, client.Id, [], [.. person.Groups.Select(g => g.Name)]);
        if (PermissionRequest.Read(principal.GetClaim(PortcullisClaims.Requested), null, out IssuingProblem? problem) is not { } asked
            || grants.Decide(who, asked = asked.For(person.MayAdminister(options), client), client.Ceiling, out problem) is not { } granted)
        {
            await RefuseAsync(http, client, problem!);
            return;
        }

        // A code's redemption may name one of the resources that were asked for (RFC 8707 §2.2); its scope was settled with the code.
        if (!request.IsRefreshTokenGrantType())
        {
            request.Scope = null;
            request.RemoveParameter("authorization_details");
        }

        if (!string.IsNullOrEmpty(request.Scope) || Details(request) is not null || request.Resources is { Length: > 0 })
        {
            if (Read(request, out problem) is not { } narrower
                || PermissionGrants.Decide(options.Policy(), granted, narrower, null, out problem) is not { } narrowed)
            {
                await RefuseAsync(http, client, problem!);
                return;
            }

            granted = narrowed;
        }

        DateTimeOffset now = clock.GetUtcNow();
        principal.SetClaim(PortcullisClaims.SessionId, session.Id);
        Principals.Describe(principal, person);
        var scopes = principal.GetScopes().Where(scope => scope != Scopes.OfflineAccess && (scope != AdministrationScope.Word || asked.OtherScopes.Contains(scope)));
        await AnswerAsync(http, principal, granted, new AccessToken
        {
            Subject = name,
            ClientId = client.Id,
            SessionId = session.Id,
            Scope = string.Join(' ', scopes.Append(granted.ToScope()).Where(text => text.Length > 0)),
            IssuedAt = now,
            ExpiresAt = now + grants.Lifetime(client, who, granted),
            Algorithm = client.SigningAlgorithm,
            IsForPerson = true,
        }, () =>
        {
            sessions.Add(session);
            session.LastUsedAt = now;
            session.ExpiresAt = now + options.RefreshTokenLifetime;
        });
    }

    private async Task IssueForTokenAsync(HttpContext http, OpenIddictRequest request, ClientInfo client)
    {
        var (subject, trials) = exchange.Trials(http, request);
        foreach (TrustEntry entry in trials)
        {
            await audit.TrialAsync(http, subject!, client.Id, entry);
        }

        if (Read(request, out IssuingProblem? problem) is not { } asked
            || exchange.Decide(http, request, asked, client, grants.Lifetime(client, null, PermissionSet.Empty), out PermissionSet? granted, out problem) is not { } token)
        {
            await RefuseAsync(http, client, problem!);
            return;
        }

        await AnswerAsync(http, Principals.Of(token.Subject), granted!, token);
    }

    private async Task RefuseAsync(HttpContext http, ClientInfo client, IssuingProblem problem)
    {
        await audit.RefusedAsync(http, Portcullis.Audit.AuditEvents.TokenIssued, null, client.Id, problem.Error);
        await Refusals.RefuseAsync(http, problem);
    }

    private async Task<Session?> FindOrOpenSessionAsync(HttpContext http, OpenIddictRequest request, ClaimsPrincipal principal, Person person, ClientInfo client)
    {
        if (request.IsRefreshTokenGrantType())
        {
            return principal.GetClaim(PortcullisClaims.SessionId) is { } id ? await sessions.FindAliveAsync(id, http.RequestAborted) : null;
        }

        Session session = sessions.Create(
            person.UserName!, client.Id, options.RefreshTokenLifetime, principal.GetClaim(PortcullisClaims.Requested),
            http.Connection.RemoteIpAddress?.ToString(), http.Request.Headers.UserAgent.ToString());
        session.AuthorizationId = principal.GetAuthorizationId();
        return session;
    }

    private async Task AnswerAsync(HttpContext http, ClaimsPrincipal principal, PermissionSet granted, AccessToken token, Action? whenGranted = null)
    {
        IssuedToken issued = writer.Write(token);
        if (token.IsForPerson && issued.Token.Length > options.MaxPersonTokenLength)
        {
            await Refusals.RefuseAsync(http, Errors.InvalidScope, TokenBudget.Explain(issued.Token.Length, options.MaxPersonTokenLength, granted));
            return;
        }

        await audit.IssuedAsync(http, token, issued);
        http.Features.Get<OpenIddictServerAspNetCoreFeature>()!.Transaction!.SetProperty(typeof(IssuedToken).FullName!, issued);
        TimeSpan lifetime = token.ExpiresAt - token.IssuedAt;
        principal.SetAccessTokenLifetime(lifetime).SetIssuedTokenLifetime(lifetime);
        if (whenGranted is not null)
        {
            await transaction.BeginAsync(whenGranted, http.RequestAborted);
        }

        // Of two that show the same code at the same moment, one is refused only here.
        await http.SignInAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, principal);
    }

    private PermissionRequest? Read(OpenIddictRequest request, out IssuingProblem? problem) =>
        RequestedResources.TryRead(request.Resources, options, out PermissionSet? repositories, out problem)
            ? PermissionRequest.Read(request.Scope, Details(request), out problem, repositories)
            : null;

    private static string? Details(OpenIddictRequest request) => request.GetParameter("authorization_details")?.ToString();
}
