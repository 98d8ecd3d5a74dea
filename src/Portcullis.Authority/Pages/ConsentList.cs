using Portcullis.Access.Permissions;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.People;

namespace Portcullis.Authority.Pages;

/// <summary>What a client would get, for the pages that ask whether it may.</summary>
internal static class ConsentList
{
    public static Html Render(ClientInfo client, Person person, PermissionSet granted, PermissionRequest asked) => Html.Of($"""
        <p><strong>{client.DisplayName ?? client.Id}</strong> wants to work as <strong>{person.UserName}</strong>. It could:</p>
        <ul class="plain">
        {Html.Each(granted, permission => Html.Of($"""<li>{PermissionWords.Describe(permission)}<br><code class="quiet-text">{permission.ToString()}</code></li>"""))}
        {Html.Each(granted.Scopes, scope => Html.Of($"""<li>{PermissionWords.Describe(scope)}<br><code class="quiet-text">{scope.ToString()}</code></li>"""))}
        {Html.When(asked.OtherScopes.Contains(AdministrationScope.Word), () => Html.Of($"<li><strong>Administer this installation</strong>: add and remove users and clients, make and revoke keys</li>"))}
        {Html.When(granted.IsEmpty && !asked.OtherScopes.Contains(AdministrationScope.Word), () => Html.Of($"<li>see who you are, and nothing else</li>"))}
        {Html.When(asked.OtherScopes.Contains("email"), () => Html.Of($"<li>see your e-mail address</li>"))}
        </ul>
        """);
}
