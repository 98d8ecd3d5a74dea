using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Portcullis.Audit;
using Portcullis.Gateway.Authentication;
using Portcullis.Gateway.Pipeline;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;

namespace Portcullis.Gateway.Registry;

/// <summary>
/// The token endpoint of container registries: a Portcullis token goes in as the password, a short-lived token for one registry comes out, with as much of what was asked for as the
/// Portcullis token gives. Parse, authenticate, authorize, issue, audit. docs/spec/registry.md.
/// </summary>
internal sealed partial class RegistryTokenEndpoint(
    RegistryOptions options,
    GatewayOptions gateway,
    Authenticator authenticator,
    EffectivePermissions effectivePermissions,
    IAccessPolicySource policies,
    RequestLimiter limiter,
    RegistryTokenWriter writer,
    AuditLog audit,
    TimeProvider time,
    ILogger<RegistryTokenEndpoint> logger)
{
    /// <summary>Handles one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var now = time.GetUtcNow();
        var work = new Work(AuditRecord.NewId(now), now);
        Refusal? refusal;
        try
        {
            if (gateway.AuditRequired)
            {
                await audit.EnsureWritableAsync(cancellationToken: context.RequestAborted);
            }

            refusal = await IssueAsync(context, work);
        }
        catch (AuditUnavailableException exception)
        {
            LogAuditUnavailable(logger, exception, work.Id);
            refusal = RefusalTexts.AuditUnavailable();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception) when (exception is BadHttpRequestException or InvalidDataException)
        {
            refusal = Malformed("The form can't be read.");
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception, work.Id);
            refusal = RefusalTexts.BackendFailed(work.Id);
        }

        try
        {
            await audit.AppendAsync(RecordOf(context, work, refusal, time.GetElapsedTime(started)), durable: refusal is null, CancellationToken.None);
        }
        catch (AuditUnavailableException exception)
        {
            // No audit, no token.
            LogAuditUnavailable(logger, exception, work.Id);
            refusal = gateway.AuditRequired ? RefusalTexts.AuditUnavailable() : refusal;
        }

        await (refusal is null ? AnswerAsync(context, work) : RefuseAsync(context, work, refusal));
    }

    private async Task<Refusal?> IssueAsync(HttpContext context, Work work)
    {
        // 1. parse
        var (request, problem) = await RegistryRequest.ReadAsync(context);
        if (request is null)
        {
            return Malformed(problem!);
        }

        work.Request = request;
        if (!options.Services.Contains(request.Service, StringComparer.Ordinal))
        {
            return Malformed("This server gives no tokens for that service: its configuration names others.") with { Code = "service_unknown" };
        }

        // 2. authenticate
        var authentication = request.FormToken is { } token
            ? await authenticator.AuthenticateTokenAsync(context, token, null, context.RequestAborted)
            : await authenticator.AuthenticateAsync(context, null, context.RequestAborted);
        work.Caller = authentication.Caller;
        if (limiter.Check(authentication.Caller, context.Connection.RemoteIpAddress) is { } wait)
        {
            return RefusalTexts.TooManyRequests(wait);
        }

        if (authentication is not { Token: { } holder, Caller: not null })
        {
            return authentication.Refusal;
        }

        // 3. authorize: what is not allowed is left out, as the specification has it
        var permissions = effectivePermissions.Of(holder, policies.Current);
        if (effectivePermissions.CeilingOf(holder) is { } ceiling)
        {
            permissions = permissions.Intersect(ceiling);
        }

        work.Access =
        [
            .. request.Scopes.Select(scope => new RegistryGrant(scope.Type, scope.Name, scope.AllowedBy(permissions))).Where(grant => grant.Actions.Count > 0),
        ];

        // 4. issue
        work.Token = writer.Write(holder, request.Service, work.Access);
        return null;
    }

    private static async Task AnswerAsync(HttpContext context, Work work)
    {
        var token = work.Token!;
        var answer = new Dictionary<string, object>
        {
            ["access_token"] = token.Token,
            ["expires_in"] = (int)(token.ExpiresAt - token.IssuedAt).TotalSeconds,
            ["issued_at"] = token.IssuedAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        };
        if (work.Request!.IsForm)
        {
            answer["token_type"] = "Bearer";
            answer["scope"] = ScopeOf(work.Access);
        }
        else
        {
            answer["token"] = token.Token;
        }

        await WriteAsync(context, StatusCodes.Status200OK, answer);
    }

    private async Task RefuseAsync(HttpContext context, Work work, Refusal refusal)
    {
        var status = RefusalStatus.Of(refusal.Reason);
        if (status == StatusCodes.Status401Unauthorized)
        {
            // Docker's clients know Basic here.
            context.Response.Headers.WWWAuthenticate = new Challenge(gateway.Realm, gateway.TokenEndpoint, gateway.PublicUrl, null).ToHeaderValues()[0];
        }

        if (refusal.RetryAfter is { } retryAfter)
        {
            context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        var text = refusal.Text.Replace('\n', ' ');
        object body = HttpMethods.IsPost(context.Request.Method)
            ? new Dictionary<string, object>
            {
                ["error"] = status switch { 401 => "invalid_grant", 400 => "invalid_request", _ => "temporarily_unavailable" },
                ["error_description"] = new string([.. text.Select(c => c is '"' or '\\' or < ' ' or > '~' ? '\'' : c)]),
            }
            : new Dictionary<string, object> { ["errors"] = new[] { new { code = status switch { 401 => "UNAUTHORIZED", 400 => "UNSUPPORTED", 429 => "TOOMANYREQUESTS", _ => "UNAVAILABLE" }, message = text } } };
        await WriteAsync(context, status, body);
    }

    private static async Task WriteAsync(HttpContext context, int status, object body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Pragma = "no-cache";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(body), context.RequestAborted);
    }

    private static Refusal Malformed(string text) => RefusalTexts.Make(RefusalReason.ProtocolError, text);

    private static string ScopeOf(IEnumerable<RegistryGrant> access) => string.Join(' ', access.Select(grant => $"{grant.Type}:{grant.Name}:{string.Join(',', grant.Actions)}"));

    private static AuditRecord RecordOf(HttpContext context, Work work, Refusal? refusal, TimeSpan duration) => new()
    {
        Time = work.Time,
        Id = work.Id,
        Event = AuditEvents.TokenIssued,
        Outcome = refusal is null ? AuditOutcome.Allowed : RefusalStatus.IsFailure(refusal.Reason) ? AuditOutcome.Failed : AuditOutcome.Refused,
        Reason = refusal?.Code,
        Subject = work.Caller?.Subject,
        Actor = work.Caller is { Actors.Count: > 0 } acting ? acting.Actors : null,
        Issuer = work.Caller?.Issuer,
        Client = work.Caller?.ClientId,
        TokenId = work.Caller?.TokenId,
        KeyId = work.Caller?.KeyId,
        Session = work.Caller?.SessionId,
        Operation = $"registry {(refusal is null ? ScopeOf(work.Access) : string.Join(' ', work.Request?.Scopes ?? []))}".TrimEnd(),
        RemoteAddress = context.Connection.RemoteIpAddress,
        UserAgent = context.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null,
        Status = refusal is null ? StatusCodes.Status200OK : RefusalStatus.Of(refusal.Reason),
        Duration = duration,
    };

    private sealed class Work(string id, DateTimeOffset time)
    {
        public string Id => id;

        public DateTimeOffset Time => time;

        public RegistryRequest? Request { get; set; }

        public Caller? Caller { get; set; }

        public IReadOnlyList<RegistryGrant> Access { get; set; } = [];

        public RegistryToken? Token { get; set; }
    }

    [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string requestId);

    [LoggerMessage(2, LogLevel.Critical, "The audit log can't be written; request {RequestId} gets no token if the audit is required.")]
    private static partial void LogAuditUnavailable(ILogger logger, Exception exception, string requestId);
}
