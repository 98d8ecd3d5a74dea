using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Portcullis.AspNetCore.Permissions;
using Portcullis.Tokens;

namespace Portcullis.AspNetCore;

/// <summary>Opens an ASP.NET Core service to Portcullis tokens.</summary>
public static class PortcullisTokenServices
{
    /// <summary>
    /// The one line: every endpoint of the service needs a valid token of this authority, unless it allows anonymous requests; what more it needs it says with <c>RequireScope</c>.
    /// </summary>
    /// <param name="builder">The program's builder.</param>
    /// <param name="authority">The authority's address, exactly as its tokens have it in <c>iss</c>.</param>
    /// <param name="configure">Further settings.</param>
    public static IHostApplicationBuilder AddPortcullisTokens(this IHostApplicationBuilder builder, string authority, Action<PortcullisTokenOptions>? configure = null)
    {
        builder.Services.AddAuthentication(PortcullisTokenDefaults.AuthenticationScheme).AddPortcullis(authority, configure);
        builder.Services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder(PortcullisTokenDefaults.AuthenticationScheme).RequireAuthenticatedUser().Build());
        return builder;
    }

    /// <summary>Adds the scheme, for services that have others besides. Endpoints need a token only where they say so.</summary>
    /// <param name="builder">The authentication builder.</param>
    /// <param name="authority">The authority's address, exactly as its tokens have it in <c>iss</c>.</param>
    /// <param name="configure">Further settings.</param>
    /// <param name="scheme">The scheme's name.</param>
    public static AuthenticationBuilder AddPortcullis(
        this AuthenticationBuilder builder, string authority, Action<PortcullisTokenOptions>? configure = null, string scheme = PortcullisTokenDefaults.AuthenticationScheme)
    {
        builder.Services.TryAddSingleton<SchemeValidators>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IAuthorizationHandler, PermissionRequirementHandler>());
        return builder.AddScheme<PortcullisTokenOptions, PortcullisHandler>(scheme, options =>
        {
            options.Authority = authority;
            configure?.Invoke(options);
        });
    }

    /// <summary>The request's token; null where none was shown, or none that is valid.</summary>
    public static ValidatedToken? GetPortcullisToken(this HttpContext context) => context.Features.Get<ValidatedToken>();
}
