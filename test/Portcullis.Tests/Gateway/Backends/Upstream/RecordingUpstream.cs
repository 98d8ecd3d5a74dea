using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>A server that keeps what it was asked, and answers every request as a Git server without any ref.</summary>
internal sealed class RecordingUpstream : IAsyncDisposable
{
    private const string ForFetches = "000eversion 2\n0000";
    private const string ForPushes = "004b0000000000000000000000000000000000000000 capabilities^{}\0report-status\n0000";

    private readonly WebApplication application;

    private RecordingUpstream(WebApplication application) => this.application = application;

    public ConcurrentQueue<Asked> Requests { get; } = [];

    public Uri Address { get; private set; } = null!;

    /// <summary>Starts it; with a certificate it speaks TLS, and HTTP/2 to whoever offers it.</summary>
    public static async Task<RecordingUpstream> StartAsync(X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        var application = builder.Build();
        var upstream = new RecordingUpstream(application);
        application.Run(upstream.AnswerAsync);
        await application.StartAsync();
        upstream.Address = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single().Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
        return upstream;
    }

    /// <summary>A certificate for a name, and the file that an operator would name as its authority.</summary>
    public static X509Certificate2 NewCertificate(string name, string file)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(file, made.ExportCertificatePem());
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    public async ValueTask DisposeAsync()
    {
        await application.StopAsync();
        await application.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Requests.Enqueue(new Asked(
            context.Request.Method,
            context.Request.Path + context.Request.QueryString,
            context.Request.Protocol,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray()));
        var service = context.Request.Query["service"] == "git-receive-pack" || context.Request.Path.Value!.EndsWith("receive-pack", StringComparison.Ordinal) ? "git-receive-pack" : "git-upload-pack";
        context.Response.ContentType = $"application/x-{service}-{(HttpMethods.IsGet(context.Request.Method) ? "advertisement" : "result")}";
        await context.Response.WriteAsync(service == "git-receive-pack" ? ForPushes : ForFetches);
    }

    internal sealed record Asked(string Method, string Target, string Protocol, IReadOnlyDictionary<string, string> Headers, byte[] Body);
}
