using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Portcullis.Audit;
using Portcullis.Gateway.Auditing;
using Portcullis.Gateway.Authentication;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.SmartHttp;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Gateway.Pipeline;

/// <summary>
/// One Git request from its first byte to its audit record:
/// <list type="number">
/// <item>parse: what does the HTTP request mean (<see cref="GitRequest"/>);</item>
/// <item>authenticate: whose valid token is it (<see cref="AuthenticatedGitRequest"/>);</item>
/// <item>authorize: may they, in this repository (<see cref="AuthorizedGitRequest"/>), and for a push, on each ref (<see cref="AuthorizedPush"/>);</item>
/// <item>serve: the backend does it (<see cref="BackendOutcome"/>);</item>
/// <item>audit: exactly one record, before the answer is final.</item>
/// </list>
/// Every step gives a value or a <see cref="Refusal"/>. An exception is a bug, a lost peer or a failing disk, and never an access.
/// </summary>
internal sealed partial class GitPipeline(
    GatewayOptions options,
    Authenticator authenticator,
    EffectivePermissions effectivePermissions,
    IAccessPolicySource policies,
    IRevocationList revocations,
    RequestLimiter limiter,
    RepositoryAuthorizer repositoryAuthorizer,
    RequestServer server,
    AuditLog audit,
    TimeProvider time,
    ILogger<GitPipeline> logger)
{
    /// <summary>Handles one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var now = time.GetUtcNow();
        var trail = new RequestTrail(AuditRecord.NewId(now), now)
        {
            RemoteAddress = context.Connection.RemoteIpAddress,
            UserAgent = context.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null,
        };
        var response = new GitResponse(context);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);

        Refusal? refusal = null;
        Action? finish = null;
        try
        {
            // No audit, no access: asked before anything is done, so that what is done can be recorded.
            if (options.AuditRequired)
            {
                await audit.EnsureWritableAsync(cancellationToken: context.RequestAborted);
            }

            (refusal, finish) = await ProcessAsync(context, trail, response, ending);
        }
        catch (AuditUnavailableException exception)
        {
            LogAuditUnavailable(logger, exception, trail.Id);
            refusal = RefusalTexts.AuditUnavailable();
        }
        catch (Exception exception) when (exception is OperationCanceledException || (exception is IOException && context.RequestAborted.IsCancellationRequested))
        {
            trail.Outcome = AuditOutcome.Failed;
            trail.Code = trail.IsRevoked ? "revoked" : context.RequestAborted.IsCancellationRequested ? "client_gone" : "time_limit";
            response.Abort();
        }
        catch (BadHttpRequestException exception)
        {
            refusal = RefusalTexts.Make(
                exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? RefusalReason.TooLarge : RefusalReason.ProtocolError,
                "The body of the request can't be read: it is malformed, too large, or came too slowly.");
        }
        catch (BackendFailedException exception)
        {
            refusal = exception.Refusal;
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception, trail.Id);
            refusal = RefusalTexts.BackendFailed(trail.Id);
        }

        await ConcludeAsync(context, trail, response, refusal, finish, started);
        if (trail.Request is { } request)
        {
            await request.Body.DisposeAsync();
        }
    }

    private async Task<(Refusal? Refusal, Action? Finish)> ProcessAsync(
        HttpContext context, RequestTrail trail, GitResponse response, CancellationTokenSource ending)
    {
        // 1. parse
        var (request, malformed) = GitRequestParser.Parse(context, trail.Id);
        if (request is null)
        {
            return (malformed, null);
        }

        trail.Request = request;

        // 2. authenticate
        var authentication = await authenticator.AuthenticateAsync(context, request.Route, ending.Token);
        trail.Caller = authentication.Caller;
        trail.Unverified = authentication.Unverified;
        if (limiter.Check(authentication.Caller, request.RemoteAddress) is { } wait)
        {
            return (RefusalTexts.TooManyRequests(wait), null);
        }

        if (authentication is not { Token: { } token, Caller: { } caller })
        {
            return (authentication.Refusal, null);
        }

        // What began with a valid token may end after it has expired, but not after it was revoked.
        using var revocation = request.Route.Operation == GitOperation.Discover ? null : revocations.OnRevoked(token, () =>
        {
            // First: to be cancelled while it sends makes the server abort the connection, which then looks as if the client had gone.
            trail.IsRevoked = true;
            ending.Cancel();
        });
        var policy = policies.Current;
        var authenticated = new AuthenticatedGitRequest(
            request, caller, effectivePermissions.Of(token, policy), policy, effectivePermissions.CeilingOf(token), ending.Token)
        {
            Transfer = authentication.Transfer,
        };

        // 3. authorize
        var (authorized, forbidden) = await repositoryAuthorizer.AuthorizeAsync(authenticated);
        if (authorized is null)
        {
            return (forbidden, null);
        }

        // 4. serve
        var outcome = await server.ServeAsync(authorized, token, trail, response);
        trail.Outcome = outcome.Outcome;
        trail.Code = outcome.Code;
        trail.References = outcome.References;
        return (ReferenceEquals(outcome, BackendOutcome.Missing) ? RefusalTexts.RepositoryNotFound(authenticated) : outcome.Refusal, outcome.Finish);
    }

    // 5. audit, and then the end of the answer
    private async Task ConcludeAsync(
        HttpContext context, RequestTrail trail, GitResponse response, Refusal? refusal, Action? finish, long started)
    {
        if (refusal is not null)
        {
            trail.Outcome = RefusalStatus.IsFailure(refusal.Reason) ? AuditOutcome.Failed : AuditOutcome.Refused;
            trail.Code = refusal.Code;
            if (refusal.References.Count > 0)
            {
                trail.References = PushAudit.Of(refusal);
            }
        }

        // Half an answer is out already: what follows must not make it look whole.
        if (refusal is not null && response.HasStarted)
        {
            response.Abort();
        }

        // Written but not sent: sent once it is recorded.
        var operation = trail.Request?.Route.Operation;
        if (!response.IsAborted)
        {
            if (refusal is not null)
            {
                RefusalWriter.Write(operation?.IsLfs() == true ? refusal with { IsLfs = true } : refusal, context, response, trail.Id);
            }
            else
            {
                finish?.Invoke();
            }
        }

        try
        {
            await audit.AppendAsync(
                trail.ToRecord(response.Status, response.BytesSent, time.GetElapsedTime(started)), durable: operation?.IsChange() == true, CancellationToken.None);
        }
        catch (AuditUnavailableException exception)
        {
            LogAuditUnavailable(logger, exception, trail.Id);
            if (options.AuditRequired && refusal is not { Reason: RefusalReason.AuditUnavailable })
            {
                response.Abort();
            }
        }

        if (response.IsAborted)
        {
            return;
        }

        try
        {
            await response.FlushAsync(context.RequestAborted);
            if (refusal is not null && operation is GitOperation.Push or GitOperation.LfsUpload)
            {
                trail.Request?.Body.Release();
                await RequestDrain.DrainAsync(context, time);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client left before it heard the end; the record stands.
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string requestId);

    [LoggerMessage(2, LogLevel.Critical, "The audit log can't be written; request {RequestId} gets no access if the audit is required.")]
    private static partial void LogAuditUnavailable(ILogger logger, Exception exception, string requestId);
}
