using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Portcullis.Server.Commands;
using Portcullis.Server.Configuration;

namespace Portcullis.Server.Hosting;

/// <summary>How Kestrel listens and what it bounds.</summary>
internal static class KestrelSetup
{
    /// <summary>Sets up the addresses of the configuration.</summary>
    public static void Apply(WebApplicationBuilder builder, PortcullisConfiguration configuration, TimeProvider timeProvider)
    {
        var addresses = configuration.Server.Listen.Select(Parse).ToList();
        if (addresses.Any(address => address.Scheme == Uri.UriSchemeHttps))
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, TransferBuffers>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // A pack has no natural size; limits.maxPushBytes is the gateway's. Kestrel's least data rates and header limits stay in force.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = MinRequestBodyDataRate(configuration.Limits.MinRequestBodyBytesPerSecond);
            CertificateSource? certificate = null;
            foreach (var address in addresses)
            {
                Listen(kestrel, address, options =>
                {
                    if (address.Scheme != Uri.UriSchemeHttps)
                    {
                        options.Protocols = HttpProtocols.Http1;
                        return;
                    }

                    certificate ??= Open(configuration, timeProvider, kestrel.ApplicationServices);
                    options.Protocols = HttpProtocols.Http1AndHttp2;
                    options.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = context => ValueTask.FromResult(certificate.Options(configuration.Server.RequestClientCertificate)),
                    });
                });
            }
        });
    }

    private static MinDataRate? MinRequestBodyDataRate(int bytesPerSecond)
        => bytesPerSecond == 0 ? null : new MinDataRate(bytesPerSecond, gracePeriod: TimeSpan.FromSeconds(5));

    private static Uri Parse(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        ? uri
        : throw new CommandFailedException($"server.listen: {address} is no http:// or https:// address.");

    private static void Listen(KestrelServerOptions kestrel, Uri address, Action<ListenOptions> configure)
    {
        if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
        {
            kestrel.Listen(ip, address.Port, configure);
        }
        else if (address.Host == "localhost")
        {
            kestrel.ListenLocalhost(address.Port, configure);
        }
        else
        {
            // `http://*:7080`, `http://+:7080` and any name mean every address of the machine, as everywhere in ASP.NET Core.
            kestrel.ListenAnyIP(address.Port, configure);
        }
    }

    private static CertificateSource Open(PortcullisConfiguration configuration, TimeProvider timeProvider, IServiceProvider services)
    {
        if (configuration.Server.Certificate is not { } certificate)
        {
            throw new CommandFailedException("server.listen has an https:// address, and server.certificate is missing.");
        }

        try
        {
            return new CertificateSource(certificate.Path, certificate.KeyPath, timeProvider, services.GetRequiredService<ILogger<CertificateSource>>());
        }
        catch (CertificateException exception)
        {
            throw new CommandFailedException(exception.Message);
        }
    }
}
