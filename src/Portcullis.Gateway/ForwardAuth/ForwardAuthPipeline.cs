using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Portcullis.Audit;
using Portcullis.Gateway.Authentication;
using Portcullis.Gateway.Pipeline;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Tokens;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>
/// One question of a proxy, "may this request pass?", from its first byte to its audit record, in the steps of <see cref="GitPipeline"/>: parse (what did the client ask the proxy for), authenticate,
/// authorize (by the rules), answer, audit. What no rule is for is refused. docs/spec/forward-auth.md.
/// </summary>
internal sealed partial class ForwardAuthPipeline(
    ForwardAuthOptions options,
    GatewayOptions gateway,
    Authenticator authenticator,
    EffectivePermissions effectivePermissions,
    IAccessPolicySource policies,
    RequestLimiter limiter,
    AuditLog audit,
    TimeProvider time,
    ILogger<ForwardAuthPipeline> logger)
{
    private readonly OriginalRequestReader _reader = new(options.Proxy);
    private readonly ForwardAuthRules _rules = new(options.Rules);

    /// <summary>Handles one question.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var now = time.GetUtcNow();
        var question = new Question(AuditRecord.NewId(now), now);
        Refusal? refusal;
        try
        {
            if (gateway.AuditRequired)
            {
                await audit.EnsureWritableAsync(cancellationToken: context.RequestAborted);
            }

            refusal = await DecideAsync(context, question);
        }
        catch (AuditUnavailableException exception)
        {
            LogAuditUnavailable(logger, exception, question.Id);
            refusal = RefusalTexts.AuditUnavailable();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            refusal = ForwardAuthRefusals.OriginalInvalid("its proxy left") with { Code = "client_gone" };
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception, question.Id);
            refusal = RefusalTexts.BackendFailed(question.Id);
        }

        await ConcludeAsync(context, question, refusal, started);
    }

    private async Task<Refusal?> DecideAsync(HttpContext context, Question question)
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

        question.Original = original;
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
        question.Caller = authentication.Caller;
        if (limiter.Check(authentication.Caller, original.Client ?? context.Connection.RemoteIpAddress) is { } wait)
        {
            return RefusalTexts.TooManyRequests(wait);
        }

        if (authentication is not { Token: { } token, Caller: { } caller })
        {
            return ForwardAuthRefusals.Unauthenticated(authentication.Refusal!, rule);
        }

        // 3. authorize
        var permissions = effectivePermissions.Of(token, policies.Current);
        if (effectivePermissions.CeilingOf(token) is { } ceiling)
        {
            permissions = permissions.Intersect(ceiling);
        }

        var missing = rule.Requires.Where(word => !permissions.Covers(word)).ToList();
        if (missing.Count > 0)
        {
            return ForwardAuthRefusals.NotAllowed(original, caller, permissions, missing);
        }

        // 4. answer, once it is recorded
        question.Allowed = (token, rule);
        return null;
    }

    // 5. audit, and then the answer
    private async Task ConcludeAsync(HttpContext context, Question question, Refusal? refusal, long started)
    {
        var response = new GitResponse(context);
        try
        {
            await audit.AppendAsync(
                RecordOf(context, question, refusal, time.GetElapsedTime(started)), durable: false, CancellationToken.None);
        }
        catch (AuditUnavailableException exception)
        {
            LogAuditUnavailable(logger, exception, question.Id);
            if (gateway.AuditRequired)
            {
                refusal = RefusalTexts.AuditUnavailable();
            }
        }

        if (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (refusal is null && question.Allowed is { } allowed)
        {
            ForwardAuthAnswer.Write(context.Response, allowed.Token, gateway.PublicUrl, allowed.Rule);
            return;
        }

        RefusalWriter.Write(refusal ?? RefusalTexts.BackendFailed(question.Id), context, response, question.Id);

        // nginx before 1.23 passes one line on; several challenges in one line mean the same (RFC 9110 §11.6.1).
        if (context.Response.Headers.WWWAuthenticate is { Count: > 1 } challenges)
        {
            context.Response.Headers.WWWAuthenticate = string.Join(", ", (string?[])challenges!);
        }

        try
        {
            await response.FlushAsync(context.RequestAborted);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The proxy left before it heard the end; the record stands.
        }
    }

    private static AuditRecord RecordOf(HttpContext context, Question question, Refusal? refusal, TimeSpan duration) => new()
    {
        Time = question.Time,
        Id = question.Id,
        Event = AuditEvents.ForwardAuth,
        Outcome = refusal is null ? AuditOutcome.Allowed : RefusalStatus.IsFailure(refusal.Reason) ? AuditOutcome.Failed : AuditOutcome.Refused,
        Reason = refusal?.Code,
        Subject = question.Caller?.Subject,
        Actor = question.Caller is { Actors.Count: > 0 } acting ? acting.Actors : null,
        Issuer = question.Caller?.Issuer,
        Client = question.Caller?.ClientId,
        TokenId = question.Caller?.TokenId,
        KeyId = question.Caller?.KeyId,
        Session = question.Caller?.SessionId,
        Operation = question.Original?.Shown ?? "unclear",
        RemoteAddress = question.Original?.Client ?? context.Connection.RemoteIpAddress,
        UserAgent = context.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null,
        Status = refusal is null ? StatusCodes.Status200OK : RefusalStatus.Of(refusal.Reason),
        Duration = duration,
    };

    private sealed class Question(string id, DateTimeOffset time)
    {
        public string Id => id;

        public DateTimeOffset Time => time;

        public OriginalRequest? Original { get; set; }

        public Caller? Caller { get; set; }

        public (ValidatedToken Token, ForwardAuthRule Rule)? Allowed { get; set; }
    }

    [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string requestId);

    [LoggerMessage(2, LogLevel.Critical, "The audit log can't be written; request {RequestId} gets no access if the audit is required.")]
    private static partial void LogAuditUnavailable(ILogger logger, Exception exception, string requestId);
}
