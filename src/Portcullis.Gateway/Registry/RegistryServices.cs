using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Portcullis.Gateway.Registry;

/// <summary>Adds the token endpoint of container registries to a program that has the gateway.</summary>
public static class RegistryServices
{
    private const string TokenPath = "/token";
    private const string CertificatePath = "/token/certificate.pem";

    /// <summary>Registers it, beside <see cref="GatewayServices.AddPortcullisGateway"/>.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="options">The registries.</param>
    /// <param name="root">What registries trust; whoever made it disposes of it.</param>
    public static IServiceCollection AddPortcullisRegistry(this IServiceCollection services, RegistryOptions options, RegistryRoot root) =>
        services.AddSingleton(options).AddSingleton(root).AddSingleton<RegistrySigner>().AddSingleton<RegistryTokenWriter>().AddSingleton<RegistryTokenEndpoint>();

    /// <summary>Answers <c>/token</c> and the certificate that registries trust, where it is registered.</summary>
    public static void UsePortcullisRegistry(this IApplicationBuilder application)
    {
        if (application.ApplicationServices.GetService<RegistryTokenEndpoint>() is not { } endpoint)
        {
            return;
        }

        var root = application.ApplicationServices.GetRequiredService<RegistryRoot>();
        application.Use(next => context => context.Request.Path.Value switch
        {
            TokenPath when Is(context, "GET", "POST") => endpoint.HandleAsync(context),
            CertificatePath when Is(context, "GET") => WriteAsync(context, "application/x-pem-file", root.Certificate),
            TokenPath => NotAllowed(context, "GET, POST"),
            CertificatePath => NotAllowed(context, "GET"),
            _ => next(context),
        });
    }

    private static bool Is(HttpContext context, params ReadOnlySpan<string> methods) => methods.Contains(context.Request.Method);

    private static Task NotAllowed(HttpContext context, string allowed)
    {
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        context.Response.Headers.Allow = allowed;
        return Task.CompletedTask;
    }

    private static async Task WriteAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> content)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = content.Length;
        context.Response.Headers.CacheControl = "public, max-age=300";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }
}
