using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Portcullis.Access.Permissions;
using Portcullis.Tokens;

namespace Portcullis.AspNetCore.Permissions;

/// <summary>Decides by what the token itself carries, in the notation of docs/spec/permissions.md. Roles in a token mean nothing here: what they give only the policy of a gateway knows.</summary>
internal sealed class PermissionRequirementHandler : AuthorizationHandler<PermissionRequirement>
{
    // A token is shown many times, and read once.
    private readonly ConditionalWeakTable<ValidatedToken, PermissionSet> _known = [];

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, PermissionRequirement requirement)
    {
        var http = context.Resource as HttpContext;
        ScopeWord? needed = requirement.For(http);
        if (needed is { } word && http?.GetPortcullisToken() is { } token && context.User.Identity is { IsAuthenticated: true })
        {
            PermissionSet permissions = _known.GetValue(token, static shown => PermissionSet.FromClaims(shown.Scope, shown.AuthorizationDetails));
            if (permissions.Covers(word))
            {
                context.Succeed(requirement);
                return Task.CompletedTask;
            }
        }

        if (http is not null)
        {
            MissingPermissions.Add(http, needed?.ToString() ?? requirement.Text);
        }

        return Task.CompletedTask;
    }
}
