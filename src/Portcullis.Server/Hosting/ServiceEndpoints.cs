using System.Text;
using System.Text.Json;
using Portcullis.Audit;
using Portcullis.Server.Metrics;
using Portcullis.Tokens.Keys;

namespace Portcullis.Server.Hosting;

/// <summary>
/// The addresses that operators and programs ask: health, readiness, metrics, and where tokens come from. Nothing here needs a token, so nothing
/// here names a repository or a person.
/// </summary>
internal static class ServiceEndpoints
{
    /// <summary>Answers these addresses before the gateway sees the request.</summary>
    public static void UseServiceEndpoints(this WebApplication application)
    {
        var services = application.Services;
        application.Use((context, next) => Find(context.Request.Path.Value) is { } answer ? AnswerAsync(context, services, answer) : next(context));
    }

    private static Func<IServiceProvider, Answer>? Find(string? path) => path switch
    {
        "/healthz" => _ => Answer.Text(200, "ok\n"),
        "/readyz" => Readiness,
        "/metrics" => services => new Answer(200, PrometheusText.ContentType, services.GetRequiredService<MetricsCollector>().Write(), "no-store"),
        "/.well-known/jwks.json" => services => new Answer(200, "application/jwk-set+json", services.GetRequiredService<SigningKeyRing>().ToJwks(), "public, max-age=300"),
        "/.well-known/oauth-protected-resource" => ProtectedResource,
        _ => null,
    };

    private static async Task AnswerAsync(HttpContext context, IServiceProvider services, Func<IServiceProvider, Answer> make)
    {
        var response = context.Response;
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            response.Headers.Allow = "GET, HEAD";
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        var answer = make(services);
        var body = Encoding.UTF8.GetBytes(answer.Body);
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = answer.CacheControl;
        response.Headers.XContentTypeOptions = "nosniff";
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>Whether this node should be sent requests.</summary>
    private static Answer Readiness(IServiceProvider services)
    {
        var audit = services.GetRequiredService<AuditLog>();
        var installation = services.GetRequiredService<Installation>();
        return audit.IsAvailable || !installation.Configuration.Audit.Required
            ? Answer.Text(200, "ready\n")
            : Answer.Text(503, "the audit log can't be written\n");
    }

    /// <summary>RFC 9728 §3.2.</summary>
    private static Answer ProtectedResource(IServiceProvider services)
    {
        var installation = services.GetRequiredService<Installation>();
        var document = new Dictionary<string, object>
        {
            ["resource"] = installation.Issuer,
            ["authorization_servers"] = new[] { installation.Issuer }.Concat(installation.Configuration.Issuers.Select(issuer => issuer.Issuer)).Distinct(),
            ["bearer_methods_supported"] = new[] { "header" },
            ["jwks_uri"] = $"{installation.Issuer}/.well-known/jwks.json",
            ["resource_name"] = "Portcullis",
        };
        return new Answer(200, "application/json", JsonSerializer.Serialize(document), "public, max-age=300");
    }

    private sealed record Answer(int Status, string ContentType, string Body, string CacheControl)
    {
        public static Answer Text(int status, string body) => new(status, "text/plain; charset=utf-8", body, "no-store");
    }
}
