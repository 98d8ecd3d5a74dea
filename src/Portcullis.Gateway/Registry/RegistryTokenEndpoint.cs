using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Portcullis.Access.Decisions;
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
internal sealed class RegistryTokenEndpoint(
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
    : AuditedEndpoint<RegistryTrail>(gateway, limiter, audit, time, logger)
{
    // Docker's clients know Basic here.
    private readonly string _challenge = new Challenge(gateway.Realm, gateway.TokenEndpoint, gateway.PublicUrl, null).ToHeaderValues()[0];

    /// <inheritdoc/>
    protected override RegistryTrail Begin(string id, DateTimeOffset time) => new(id, time);

    /// <inheritdoc/>
    protected override async ValueTask<Answer> ServeAsync(HttpContext context, RegistryTrail trail, GitResponse response)
    {
        // 1. parse
        var (request, problem) = await RegistryRequest.ReadAsync(context);
        if (request is null)
        {
            return Malformed(problem!);
        }

        trail.Request = request;
        if (!options.Services.Contains(request.Service, StringComparer.Ordinal))
        {
            return Malformed("This server gives no tokens for that service: its configuration names others.") with { Code = "service_unknown" };
        }

        // 2. authenticate
        var authentication = request.FormToken is { } formToken
            ? await authenticator.AuthenticateTokenAsync(context, formToken, null, context.RequestAborted)
            : await authenticator.AuthenticateAsync(context, null, context.RequestAborted);
        if (!Admit(authentication, trail, out var holder, out _, out var refusal))
        {
            return refusal;
        }

        // 3. authorize: what is not allowed is left out, as the specification has it
        var policy = policies.Current;
        var (permissions, ceiling) = (effectivePermissions.Of(holder, policy), effectivePermissions.CeilingOf(holder));
        trail.Granted =
        [
            .. request.Scopes
                .Select(scope => scope with { Actions = scope.Allowed(word => ScopeDecider.Decide(permissions, policy, ceiling, word).IsAllowed) })
                .Where(scope => scope.Actions.Count > 0),
        ];

        // 4. issue
        var token = writer.Write(holder, request.Service, trail.Granted);
        trail.Allow();
        return Answer.With(() => Write(context, response, StatusCodes.Status200OK, AnswerOf(request, token, trail.Granted)));
    }

    /// <inheritdoc/>
    protected override void Refuse(Refusal refusal, HttpContext context, RegistryTrail trail, GitResponse response)
    {
        var status = RefusalStatus.Of(refusal.Reason);
        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = _challenge;
        }

        RefusalWriter.WriteRetryAfter(refusal, context.Response);
        var text = refusal.Text.Replace('\n', ' ');
        object body = HttpMethods.IsPost(context.Request.Method)
            ? new Dictionary<string, object>
            {
                ["error"] = status switch { 401 => "invalid_grant", 400 => "invalid_request", _ => "temporarily_unavailable" },
                ["error_description"] = new string([.. text.Select(c => c is '"' or '\\' or < ' ' or > '~' ? '\'' : c)]),
            }
            : new Dictionary<string, object> { ["errors"] = new[] { new { code = status switch { 401 => "UNAUTHORIZED", 400 => "UNSUPPORTED", 429 => "TOOMANYREQUESTS", _ => "UNAVAILABLE" }, message = text } } };
        Write(context, response, status, body);
    }

    private static Dictionary<string, object> AnswerOf(RegistryRequest request, RegistryToken token, IReadOnlyList<RegistryScope> granted)
    {
        var answer = new Dictionary<string, object>
        {
            ["access_token"] = token.Token,
            ["expires_in"] = (int)(token.ExpiresAt - token.IssuedAt).TotalSeconds,
            ["issued_at"] = token.IssuedAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        };
        if (request.IsForm)
        {
            answer["token_type"] = "Bearer";
            answer["scope"] = string.Join(' ', granted);
        }
        else
        {
            answer["token"] = token.Token;
        }

        return answer;
    }

    private static void Write(HttpContext context, GitResponse response, int status, object body)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Pragma = "no-cache";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        response.Hold(status, "application/json", JsonSerializer.SerializeToUtf8Bytes(body));
    }

    private static Refusal Malformed(string text) => RefusalTexts.Make(RefusalReason.ProtocolError, text);
}
