using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Portcullis.Tests.Gateway.Lfs;

/// <summary>A server with Git LFS objects behind the gateway, and a storage on another port: both write down what they were shown.</summary>
internal sealed class StandInUpstream : IAsyncDisposable
{
    public const string ActionSecret = "the-storages-own-secret";

    private readonly WebApplication api = Make();
    private readonly WebApplication storage = Make();

    /// <summary>What the storage holds.</summary>
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    /// <summary>Authorization headers that came to the API, and to the storage.</summary>
    public ConcurrentQueue<(string Place, string Target, string? Authorization)> Shown { get; } = new();

    /// <summary>Uploads that came to their end, right or wrong.</summary>
    public int FinishedUploads;

    /// <summary>Answers a batch by itself, where set.</summary>
    public Func<HttpContext, Task>? Batch { get; set; }

    public Uri Api => new(Address(api));

    public Uri Storage => new(Address(storage));

    /// <summary>Whether objects are at the API's own origin.</summary>
    public bool StoresItself { get; set; }

    public static async Task<StandInUpstream> StartAsync()
    {
        var upstream = new StandInUpstream();
        upstream.api.Run(upstream.AnswerAsync);
        upstream.storage.Run(context => upstream.StoreAsync("storage", context));
        await upstream.api.StartAsync();
        await upstream.storage.StartAsync();
        return upstream;
    }

    public static (string Oid, byte[] Content) Object(string text) => LfsClient.Object(text);

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        await storage.DisposeAsync();
    }

    private static WebApplication Make()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Listen(System.Net.IPAddress.Loopback, 0);
            options.Limits.MaxRequestBodySize = null;
        });
        return builder.Build();
    }

    private static string Address(WebApplication application) =>
        application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/store"))
        {
            await StoreAsync("api", context);
            return;
        }

        Shown.Enqueue(("api", context.Request.Path, context.Request.Headers.Authorization));
        if (context.Request.Path.Value!.EndsWith("/info/refs", StringComparison.Ordinal))
        {
            // An empty repository, in protocol version 2.
            context.Response.ContentType = $"application/x-{context.Request.Query["service"]}-advertisement";
            await context.Response.WriteAsync(context.Request.Query["service"] == "git-upload-pack"
                ? Pkt("# service=git-upload-pack\n") + "0000" + Pkt("version 2\n") + Pkt("agent=git/2.39.0\n") + Pkt("ls-refs=unborn\n") + Pkt("fetch=shallow\n") + Pkt("object-format=sha1\n") + "0000"
                : Pkt("# service=git-receive-pack\n") + "0000" + Pkt(new string('0', 40) + " capabilities^{}\0report-status delete-refs ofs-delta agent=git/2.39.0\n") + "0000");
            return;
        }

        if (context.Request.Path.Value.EndsWith("/git-upload-pack", StringComparison.Ordinal))
        {
            context.Response.ContentType = "application/x-git-upload-pack-result";
            await context.Response.WriteAsync("0000");
            return;
        }

        if (Batch is { } answer)
        {
            await answer(context);
            return;
        }

        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var isUpload = body.RootElement.GetProperty("operation").GetString() == "upload";
        var place = StoresItself ? new Uri(Api, "/store/") : Storage;
        var objects = body.RootElement.GetProperty("objects").EnumerateArray().Select(entry =>
        {
            var oid = entry.GetProperty("oid").GetString()!;
            object action = StoresItself
                ? new { href = new Uri(place, oid) }
                : new { href = new Uri(place, oid), header = new Dictionary<string, string> { ["X-Storage"] = ActionSecret } };
            return (object)(Objects.ContainsKey(oid) == isUpload
                ? isUpload ? new { oid, size = 1 } : new { oid, size = 1, error = new { code = 404, message = "no" } }
                : new { oid, size = 1, actions = new Dictionary<string, object> { [isUpload ? "upload" : "download"] = action } });
        }).ToArray();
        context.Response.ContentType = "application/vnd.git-lfs+json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new { transfer = "basic", objects }));
    }

    private static string Pkt(string line) => (line.Length + 4).ToString("x4", System.Globalization.CultureInfo.InvariantCulture) + line;

    private async Task StoreAsync(string place, HttpContext context)
    {
        var oid = context.Request.Path.Value!.Split('/')[^1];
        Shown.Enqueue((place, context.Request.Path, context.Request.Headers.Authorization));
        if (context.Request.Method == "PUT")
        {
            using var received = new MemoryStream();
            await context.Request.Body.CopyToAsync(received);
            Interlocked.Increment(ref FinishedUploads);
            Objects[oid] = received.ToArray();
            return;
        }

        await context.Response.Body.WriteAsync(Objects[oid]);
    }
}
