using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;
using Portcullis.AspNetCore.Credentials;
using Portcullis.Audit;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.People;
using Portcullis.Tokens;

namespace Portcullis.Server.Administration;

/// <summary>
/// <c>/api/v1/…</c>: what the commands do, over HTTP. For tokens of this server's authority with the scope <c>portcullis:admin</c>, whose subject is an administrator at that moment.
/// The description of it all is at <see cref="Description"/>.
/// </summary>
internal static class AdministrationApi
{
    /// <summary>What all of its addresses begin with.</summary>
    public const string Prefix = "/api/v1";

    /// <summary>Where its OpenAPI description is; it needs no token.</summary>
    public const string Description = $"{Prefix}/openapi.json";

    private const long MaxBodyBytes = 64 << 10;

    /// <summary>Adds what it needs.</summary>
    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<AdministrationAudit>();
        services.AddRouting();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
        });
        services.AddOpenApi("v1", ApiDescription.Configure);
    }

    /// <summary>Answers its addresses. Built by the first request that needs it, so that no other pays for it.</summary>
    public static void Use(WebApplication application)
    {
        var pipeline = new Lazy<RequestDelegate>(() => Build(application.Services));
        application.Use((context, next) => context.Request.Path.StartsWithSegments(Prefix, StringComparison.Ordinal) ? pipeline.Value(context) : next(context));
    }

    private static RequestDelegate Build(IServiceProvider services)
    {
        var builder = new ApplicationBuilder(services);
        builder.Use((context, next) => GuardAsync(context, next));
        builder.UseRouting();
        builder.UseEndpoints(endpoints =>
        {
            endpoints.MapOpenApi(Description);
            var api = endpoints.MapGroup(Prefix);
            UserApi.Map(api.MapGroup("/users").WithTags("users"));
            ClientApi.Map(api.MapGroup("/clients").WithTags("clients"));
            KeyApi.Map(api.MapGroup("/keys").WithTags("keys"));
            RevocationApi.Map(api.MapGroup("/revocations").WithTags("revocations"));
        });
        builder.Run(context => ProblemAsync(context, StatusCodes.Status404NotFound, "There is nothing at this address."));
        return builder.Build();
    }

    private static async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MaxBodyBytes;
        }

        try
        {
            if (context.Request.Path == Description || await AuthorizeAsync(context))
            {
                await next(context);
            }
        }
        catch (AuditUnavailableException)
        {
            await ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "The audit log can't be written.");
        }
        catch (BadHttpRequestException exception)
        {
            await ProblemAsync(context, exception.StatusCode, "The request can't be read: its body is JSON with the members that the description names, in at most 64 KiB.");
        }
        catch (Exception exception) when (LocalAuthority.IsDatabaseProblem(exception))
        {
            context.Response.Headers.RetryAfter = "5";
            await ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "The database does not answer.");
        }
    }

    private static async Task<bool> AuthorizeAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var installation = services.GetRequiredService<Installation>();
        if (installation.Configuration.Audit.Required)
        {
            // No audit, no access: asked before anything is done.
            await services.GetRequiredService<AuditLog>().EnsureWritableAsync(cancellationToken: context.RequestAborted);
        }

        if (BearerCredential.Read(context.Request) is not { } credential)
        {
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"administration\", scope=\"{AdministrationScope.Word}\"";
            await ProblemAsync(context, StatusCodes.Status401Unauthorized, $"A token with the scope {AdministrationScope.Word} is needed, as Authorization: Bearer.");
            return false;
        }

        var result = await services.GetRequiredService<TokenValidator>().ValidateAsync(credential, default, context.RequestAborted);
        if (result.Token is not { } token)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"administration\", error=\"invalid_token\"";
            // Nobody knows whose it is: what a refused token says of itself stands in no record.
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, null, null, result.Code, result.Description);
            return false;
        }

        // Asked each time: who is no administrator any more, or disabled, has a token that is still good for Git.
        if (token.Issuer != installation.Issuer || !AdministrationScope.IsIn(token.Scope)
            || await services.GetRequiredService<UserAdministration>().FindAsync(token.Subject, context.RequestAborted) is not { IsAdministrator: true, DisabledAt: null })
        {
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"administration\", error=\"insufficient_scope\", scope=\"{AdministrationScope.Word}\"";
            await RefuseAsync(context, StatusCodes.Status403Forbidden, token.Subject, token.Issuer, "insufficient_scope", $"This is for administrators, with a token that has the scope {AdministrationScope.Word}.");
            return false;
        }

        context.Items[typeof(ValidatedToken)] = token;
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, token.Subject)], "token"));
        return true;
    }

    private static async Task RefuseAsync(HttpContext context, int status, string? subject, string? issuer, string code, string description)
    {
        await context.RequestServices.GetRequiredService<AdministrationAudit>().RecordAsync(
            "api", code, AuditOutcome.Refused, subject, issuer, context.Connection.RemoteIpAddress, context.RequestAborted);
        await ProblemAsync(context, status, description);
    }

    private static Task ProblemAsync(HttpContext context, int status, string detail)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new { status, detail }, (JsonSerializerOptions?)null, "application/problem+json", context.RequestAborted);
    }
}
