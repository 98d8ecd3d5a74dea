using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Portcullis.Authority;

/// <summary>Puts the authority's addresses into a server.</summary>
public static class AuthorityEndpoints
{
    /// <summary>As <see cref="MapPortcullisAuthority"/>, for a server without routing: a middleware that takes the authority's addresses, and lets all others pass.</summary>
    public static void UsePortcullisAuthority(this IApplicationBuilder application)
    {
        application.Properties["__AuthenticationMiddlewareSet"] = true;

        // Built by the first request that needs it: most of a server's requests are Git's, and a server that only serves those should start as fast and stay as small as if this were not here.
        var pipeline = new Lazy<RequestDelegate>(() => application.ApplicationServices.GetRequiredService<AuthorityRouter>().Build(application.New()));
        application.Use(next => http => AuthorityRouter.Serves(http.Request.Path.Value!) ? pipeline.Value(http) : next(http));
    }

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
        foreach (var pattern in AuthorityRouter.Addresses.Concat(AuthorityRouter.Folders.Select(folder => folder + "{**rest}")))
        {
            endpoints.Map(pattern, pipeline);
        }
    }
}
