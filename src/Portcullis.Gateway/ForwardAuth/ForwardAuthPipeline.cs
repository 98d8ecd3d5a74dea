using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Portcullis.Access.Decisions;
using Portcullis.Audit;
using Portcullis.Gateway.Authentication;
using Portcullis.Gateway.Pipeline;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>
/// One question of a proxy, "may this request pass?", from its first byte to its audit record, in the steps of <see cref="GitPipeline"/>: parse (what did the client ask the proxy for), authenticate,
/// authorize (by the rules), answer, audit. What no rule is for is refused. docs/spec/forward-auth.md.
/// </summary>
internal sealed class ForwardAuthPipeline(
    ForwardAuthOptions options,
    GatewayOptions gateway,
    Authenticator authenticator,
    EffectivePermissions effectivePermissions,
    IAccessPolicySource policies,
    RequestLimiter limiter,
    AuditLog audit,
    TimeProvider time,
    ILogger<ForwardAuthPipeline> logger)
    : AuditedEndpoint<ForwardAuthTrail>(gateway, limiter, audit, time, logger)
{
    private readonly OriginalRequestReader _reader = new(options.Proxy);
    private readonly ForwardAuthRules _rules = new(options.Rules);
    private readonly string _ownIssuer = gateway.PublicUrl;

    /// <inheritdoc/>
    protected override ForwardAuthTrail Begin(string id, DateTimeOffset time) => new(id, time);

    /// <inheritdoc/>
    protected override async ValueTask<Answer> ServeAsync(HttpContext context, ForwardAuthTrail trail, GitResponse response)
    {
        // 1. parse
        if (!options.IsTrusted(context.Connection.RemoteIpAddress))
        {
            return ForwardAuthRefusals.ProxyNotTrusted();
        }

        if (!_reader.TryRead(context, out var original, out var problem))
        {
            return ForwardAuthRefusals.OriginalInvalid(problem);
        }

        trail.Original = original;
        trail.RemoteAddress = original.Client ?? trail.RemoteAddress;
        var rule = _rules.Find(original, out var isAmbiguous);
        if (rule is null || isAmbiguous)
        {
            return rule is null ? ForwardAuthRefusals.NoRule(original) : ForwardAuthRefusals.Ambiguous(original);
        }

        if (rule.NamesMethods && OriginalRequestReader.OverridesMethod(context.Request))
        {
            return ForwardAuthRefusals.MethodOverridden();
        }

        // 2. authenticate
        var authentication = await authenticator.AuthenticateAsync(context, null, context.RequestAborted);
        if (!Admit(authentication, trail, out var token, out var caller, out var refusal))
        {
            return ForwardAuthRefusals.Unauthenticated(refusal, rule);
        }

        // 3. authorize
        var policy = policies.Current;
        var (permissions, ceiling) = (effectivePermissions.Of(token, policy), effectivePermissions.CeilingOf(token));
        var denied = rule.Requires
            .Select(word => (Word: word, Decision: ScopeDecider.Decide(permissions, policy, ceiling, word)))
            .Where(asked => !asked.Decision.IsAllowed)
            .ToList();
        if (denied.Count > 0)
        {
            return ForwardAuthRefusals.NotAllowed(original, caller, ceiling is null ? permissions : permissions.Intersect(ceiling), denied);
        }

        // 4. answer
        trail.Allow();
        return Answer.With(() => ForwardAuthAnswer.Write(context.Response, token, _ownIssuer, rule));
    }

    /// <inheritdoc/>
    protected override void Refuse(Refusal refusal, HttpContext context, ForwardAuthTrail trail, GitResponse response)
    {
        base.Refuse(refusal, context, trail, response);

        // nginx before 1.23 passes one line on; several challenges in one line mean the same (RFC 9110 §11.6.1).
        if (context.Response.Headers.WWWAuthenticate is { Count: > 1 } challenges)
        {
            context.Response.Headers.WWWAuthenticate = string.Join(", ", (string?[])challenges!);
        }
    }
}
