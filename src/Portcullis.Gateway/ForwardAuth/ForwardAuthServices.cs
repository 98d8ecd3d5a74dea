using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>Adds forward authentication to a program that has the gateway.</summary>
public static class ForwardAuthServices
{
    /// <summary>Registers it, beside <see cref="GatewayServices.AddPortcullisGateway"/>.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="options">Who may ask, and what opens what.</param>
    public static IServiceCollection AddPortcullisForwardAuth(this IServiceCollection services, ForwardAuthOptions options) =>
        services.AddSingleton(options).AddSingleton<ForwardAuthPipeline>();

    /// <summary>Answers <c>/auth/check</c>, where it is registered. Before anything else that answers: nothing else may answer for it.</summary>
    public static void UsePortcullisForwardAuth(this IApplicationBuilder application)
    {
        if (application.ApplicationServices.GetService<ForwardAuthPipeline>() is { } pipeline)
        {
            application.Use(next => context => OriginalRequestReader.Serves(context) ? pipeline.HandleAsync(context) : next(context));
        }
    }
}
