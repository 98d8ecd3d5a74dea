using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Portcullis.EndToEnd.Upstreams;

/// <summary>An HTTP server of a test's own, on a free port of 127.0.0.1.</summary>
public sealed class HttpPeer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private HttpPeer(WebApplication application, string url)
    {
        _application = application;
        Url = url;
    }

    public string Url { get; }

    public static async Task<HttpPeer> StartAsync(RequestDelegate handler)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<KestrelServerOptions>(options =>
        {
            options.Limits.MaxRequestBodySize = null;
            options.AddServerHeader = false;
        });
        var application = builder.Build();
        application.Run(handler);
        await application.StartAsync();
        var url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new HttpPeer(application, url);
    }

    [SuppressMessage("Design", "CA1031", Justification = "A server that is being torn down has nothing to say.")]
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await _application.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
        }

        await _application.DisposeAsync();
    }
}
