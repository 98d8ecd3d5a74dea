using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Portcullis.Authority;

/// <summary>Puts the authority's addresses into a server.</summary>
public static class AuthorityEndpoints
{
    /// <summary>
    /// Maps every address of <see cref="AuthorityPaths"/> and its pages. They run in a pipeline of their own, with authentication and all, so that other requests of the same server, Git's
    /// above all, don't pay for it.
    /// </summary>
    public static void MapPortcullisAuthority(this IEndpointRouteBuilder endpoints)
    {
        if (endpoints is IApplicationBuilder application)
        {
            // WebApplication would otherwise put an authentication middleware in front of everything.
            application.Properties["__AuthenticationMiddlewareSet"] = true;
        }

        RequestDelegate pipeline = endpoints.ServiceProvider.GetRequiredService<AuthorityRouter>().Build(endpoints.CreateApplicationBuilder());
        string[] exact =
        [
            AuthorityPaths.OpenIdConfiguration, AuthorityPaths.ServerMetadata, AuthorityPaths.ResourceMetadata, AuthorityPaths.Jwks,
            AuthorityPaths.Login, AuthorityPaths.DevicePage, AuthorityPaths.Account, "/logout",
        ];
        string[] below = ["/oauth/{**rest}", "/login/{**rest}", "/account/{**rest}", "/assets/{**rest}"];
        foreach (var pattern in exact.Concat(below))
        {
            endpoints.Map(pattern, pipeline);
        }
    }
}
