using System.Security.Cryptography;
using Portcullis.Gateway.ForwardAuth;
using Portcullis.Gateway.Registry;
using Portcullis.Server.Configuration;
using Portcullis.Tokens.Keys;

namespace Portcullis.Server.Hosting;

/// <summary>What lets the same tokens open other services than Git: forward authentication, and the token endpoint of container registries. Each where the configuration asks for it.</summary>
internal static class OtherServices
{
    /// <summary>Registers them.</summary>
    public static void Add(IServiceCollection services, Installation installation)
    {
        if (ForwardAuthChecks.OptionsOf(installation.Configuration.ForwardAuth) is { } forwardAuth)
        {
            services.AddPortcullisForwardAuth(forwardAuth);
        }

        var registry = installation.Configuration.Registry;
        if (registry.Services.Count > 0)
        {
            var options = new RegistryOptions { Services = registry.Services, Issuer = installation.Issuer, TokenLifetime = registry.TokenLifetime };
            services.AddPortcullisRegistry(options, OpenRegistryRoot(installation));
        }
    }

    /// <summary>Answers their addresses, before anything else does.</summary>
    public static void Use(IApplicationBuilder application)
    {
        application.UsePortcullisForwardAuth();
        application.UsePortcullisRegistry();
    }

    private static RegistryRoot OpenRegistryRoot(Installation installation)
    {
        var path = Path.Combine(installation.KeysDirectory, "registry.pem");
        try
        {
            using var key = SigningKeyFile.LoadOrCreate(path);
            return RegistryRoot.FromPem(key.ToPem());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or KeySetFormatException or CryptographicException)
        {
            throw Installation.KeyProblem(path, exception);
        }
    }
}
