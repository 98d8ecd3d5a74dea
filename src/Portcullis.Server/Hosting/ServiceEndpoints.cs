using System.Text;
using System.Text.Json;
using Portcullis.Audit;
using Portcullis.Authority;
using Portcullis.Authority.Keys;
using Portcullis.Server.Metrics;

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
        "/.well-known/jwks.json" => KeySet,
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
        if (!audit.IsAvailable && installation.Configuration.Audit.Required)
        {
            return Answer.Text(503, "the audit log can't be written\n");
        }

        // Git is served without the database: a node without it is still worth sending requests to.
        return services.GetService<AuthorityStatus>() is { IsDatabaseAvailable: false }
            ? Answer.Text(200, "ready; the database does not answer, so no tokens are issued\n")
            : Answer.Text(200, "ready\n");
    }

    /// <summary>RFC 7517 §5. Verifiers know the next key long before it signs: a day ahead, by default.</summary>
    private static Answer KeySet(IServiceProvider services) => services.GetService<KeyRing>() is { } ring
        ? new Answer(200, "application/jwk-set+json", Encoding.UTF8.GetString(ring.Jwks.Span), "public, max-age=300")
        : Answer.Text(404, "This server issues no tokens.\n");

    /// <summary>RFC 9728 §3.2.</summary>
    private static Answer ProtectedResource(IServiceProvider services)
    {
        var installation = services.GetRequiredService<Installation>();
        var own = installation.Configuration.Authority.Enabled ? new[] { installation.Issuer } : [];
        var document = new Dictionary<string, object>
        {
            ["resource"] = installation.Issuer,
            ["authorization_servers"] = own.Concat(installation.Configuration.Issuers.Select(issuer => issuer.Issuer)).Distinct(),
            ["bearer_methods_supported"] = new[] { "header" },
            ["resource_name"] = "Portcullis",
            ["authorization_details_types_supported"] = new[] { "git_repository" },
        };
        return new Answer(200, "application/json", JsonSerializer.Serialize(document), "public, max-age=300");
    }

    private sealed record Answer(int Status, string ContentType, string Body, string CacheControl)
    {
        public static Answer Text(int status, string body) => new(status, "text/plain; charset=utf-8", body, "no-store");
    }
}
