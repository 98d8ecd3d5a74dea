using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace Portcullis.AspNetCore.Permissions;

/// <summary>Says what a token must carry, at an endpoint or in a policy.</summary>
public static class PermissionPolicies
{
    /// <summary>The endpoint needs a token that carries all of these.</summary>
    /// <param name="builder">The endpoint.</param>
    /// <param name="permissions">
    /// Scopes (<c>grafana:read</c>) and permissions (<c>git:acme/app:pull</c>). <c>{name}</c> in one is the route value of that name: <c>git:{owner}/{repository}:pull</c>.
    /// </param>
    /// <exception cref="ArgumentException">One is neither a scope nor a permission.</exception>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, params string[] permissions)
        where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireScope(permissions).Build());

    /// <summary>The policy holds for tokens that carry all of these.</summary>
    /// <inheritdoc cref="RequireScope{TBuilder}(TBuilder, string[])"/>
    public static AuthorizationPolicyBuilder RequireScope(this AuthorizationPolicyBuilder builder, params string[] permissions)
    {
        if (permissions.Length == 0)
        {
            throw new ArgumentException("Name at least one scope or permission.", nameof(permissions));
        }

        foreach (var permission in permissions)
        {
            builder.AddRequirements(new PermissionRequirement(permission));
        }

        return builder;
    }
}
