using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using Portcullis.Access.Policies;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.People;
using Portcullis.Authority.Sessions;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.Pages;

/// <summary>Where somebody is signed in, and what they let in: each with a button that ends it.</summary>
internal sealed class SessionList(
    SessionStore sessions, IOpenIddictApplicationManager applications, AuthorityDbContext database, PermissionGrants grants, PageWriter pages, AuthorityOptions options)
{
    /// <summary>A time as pages show it.</summary>
    public static string When(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <param name="http">The request.</param>
    /// <param name="person">Whose sessions.</param>
    /// <param name="here">The session that asks.</param>
    public async Task<Html> RenderAsync(HttpContext http, Person person, string here)
    {
        IReadOnlyList<SessionInfo> alive = await sessions.ListAsync(person.UserName!, http.RequestAborted);
        var clients = new Dictionary<string, ClientInfo>(StringComparer.Ordinal);
        foreach (var id in alive.Select(session => session.ClientId).OfType<string>().Distinct())
        {
            if (await applications.FindByClientIdAsync(id, http.RequestAborted) is { } application)
            {
                clients[id] = await ClientDescriptor.ReadAsync(applications, application, http.RequestAborted);
            }
        }

        List<string> groups = clients.Count == 0 ? [] : await database.Groups.Where(group => group.PersonId == person.Id).Select(group => group.Name).ToListAsync(http.RequestAborted);
        Html token = pages.Token(http);
        return Html.Of($"""
            <h2>Where you are signed in</h2>
            <ul class="plain">
            {Html.Each(alive, session => Render(session, clients.GetValueOrDefault(session.ClientId ?? ""), person, groups, session.Id == here, token))}
            </ul>
            """);
    }

    private Html Render(SessionInfo session, ClientInfo? client, Person person, List<string> groups, bool isHere, Html token)
    {
        var name = session.ClientId is null ? "This website" : client?.DisplayName ?? session.ClientId;
        return Html.Of($"""
            <li><strong>{name}</strong>{(isHere ? ", here" : "")}<br>
            {(client is null ? default : Words(session, client, person, groups))}
            <span class="quiet-text">{UserAgentWords.Describe(session.UserAgent)} from {session.RemoteAddress ?? "an unknown address"}<br>since {When(session.CreatedAt)}, last used {When(session.LastUsedAt)}</span>
            <form method="post" action="/account/session/end">{token}<input type="hidden" name="session" value="{session.Id}"><button class="danger" aria-label="End the session of {name} since {When(session.CreatedAt)}">End</button></form></li>
            """);
    }

    // What its next token would say: what was asked for, as far as the policy of this moment gives it.
    private Html Words(SessionInfo session, ClientInfo client, Person person, List<string> groups)
    {
        var who = new Identity(options.Issuer, person.UserName!, client.Id, [], groups);
        if (PermissionRequest.Read(session.RequestedScope, null, out _) is not { } asked
            || grants.Decide(who, asked = asked.For(person.MayAdminister(options), client), client.Ceiling, out _) is not { } granted)
        {
            return Html.Of($"The policy gives it nothing any more.<br>");
        }

        return Html.Of($"""
            {Html.When(asked.OtherScopes.Contains(AdministrationScope.Word), () => Html.Of($"<strong>Administer this installation</strong><br>"))}
            {Html.Each(granted, permission => Html.Of($"{PermissionWords.Describe(permission)}<br>"))}
            {Html.Each(granted.Scopes, scope => Html.Of($"{PermissionWords.Describe(scope)}<br>"))}
            """);
    }
}
