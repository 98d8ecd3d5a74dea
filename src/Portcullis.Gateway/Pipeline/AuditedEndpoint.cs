using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Portcullis.Audit;
using Portcullis.Gateway.Auditing;
using Portcullis.Gateway.Authentication;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Tokens;

namespace Portcullis.Gateway.Pipeline;

/// <summary>
/// The frame of every request that leaves an audit record. An endpoint says what is asked and how it is answered (<see cref="ServeAsync"/>, in the order parse, authenticate, authorize, serve); the frame owns
/// the rest: no access without an audit that can be written, exactly one record however it ends, the answer only after its record, and what the client hears of a failure.
/// </summary>
/// <typeparam name="TTrail">What the endpoint's record says.</typeparam>
internal abstract class AuditedEndpoint<TTrail>(GatewayOptions options, RequestLimiter limiter, AuditLog audit, TimeProvider time, ILogger logger)
    where TTrail : RequestTrail
{
    /// <summary>Handles one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var now = time.GetUtcNow();
        var trail = Begin(AuditRecord.NewId(now), now);
        trail.RemoteAddress = context.Connection.RemoteIpAddress;
        trail.UserAgent = context.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null;
        var response = new GitResponse(context);
        Answer answer = default;
        try
        {
            // No audit, no access: asked before anything is done, so that what is done can be recorded.
            if (options.AuditRequired)
            {
                await audit.EnsureWritableAsync(cancellationToken: context.RequestAborted);
            }

            answer = await ServeAsync(context, trail, response);
        }
        catch (AuditUnavailableException exception)
        {
            AuditedEndpointLog.AuditUnavailable(logger, exception, trail.Id);
            answer = RefusalTexts.AuditUnavailable();
        }
        catch (Exception exception) when (exception is OperationCanceledException || (exception is IOException && context.RequestAborted.IsCancellationRequested))
        {
            trail.Outcome = AuditOutcome.Failed;
            trail.Code = trail.IsRevoked ? "revoked" : context.RequestAborted.IsCancellationRequested ? "client_gone" : "time_limit";
            response.Abort();
        }
        catch (BadHttpRequestException exception)
        {
            answer = RefusalTexts.Make(
                exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? RefusalReason.TooLarge : RefusalReason.ProtocolError,
                "The body of the request can't be read: it is malformed, too large, or came too slowly.");
        }
        catch (BackendFailedException exception)
        {
            answer = exception.Refusal;
        }
        catch (Exception exception)
        {
            AuditedEndpointLog.Failed(logger, exception, trail.Id);
            answer = RefusalTexts.BackendFailed(trail.Id);
        }

        await ConcludeAsync(context, trail, response, answer, started);
        await EndAsync(trail);
    }

    /// <summary>Begins the trail of a request.</summary>
    protected abstract TTrail Begin(string id, DateTimeOffset time);

    /// <summary>Parses, authenticates, authorizes and serves. A denial is a value; an exception means that it could not be done, and never an access.</summary>
    protected abstract ValueTask<Answer> ServeAsync(HttpContext context, TTrail trail, GitResponse response);

    /// <summary>Writes a refusal as the whole answer, in the shape that this endpoint's clients know.</summary>
    protected virtual void Refuse(Refusal refusal, HttpContext context, TTrail trail, GitResponse response) => RefusalWriter.Write(refusal, context, response, trail.Id);

    /// <summary>Follows a refusal that was sent.</summary>
    protected virtual Task AfterRefusalAsync(HttpContext context, TTrail trail) => Task.CompletedTask;

    /// <summary>Frees what the request held, after all else.</summary>
    protected virtual ValueTask EndAsync(TTrail trail) => default;

    /// <summary>What is done with the result of step 2, whoever asks: the caller stands in the record, comes not too often, and has a valid token or gets a refusal.</summary>
    protected bool Admit(
        AuthenticationResult authentication, TTrail trail, [NotNullWhen(true)] out ValidatedToken? token, [NotNullWhen(true)] out Caller? caller, [NotNullWhen(false)] out Refusal? refusal)
    {
        caller = trail.Caller = authentication.Caller;
        token = authentication.Token;
        refusal = limiter.Check(caller, trail.RemoteAddress) is { } wait ? RefusalTexts.TooManyRequests(wait)
            : token is null || caller is null ? authentication.Refusal!
            : null;
        return refusal is null;
    }

    private async Task ConcludeAsync(HttpContext context, TTrail trail, GitResponse response, Answer answer, long started)
    {
        var (refusal, finish) = answer;
        if (refusal is not null)
        {
            trail.Refuse(refusal);
            if (response.HasStarted)
            {
                // Half an answer is out already: what follows must not make it look whole.
                response.Abort();
            }
        }

        // Written but not sent: sent once it is recorded.
        if (!response.IsAborted)
        {
            if (refusal is not null)
            {
                Refuse(refusal, context, trail, response);
            }
            else
            {
                finish?.Invoke();
            }
        }

        try
        {
            await audit.AppendAsync(trail.ToRecord(response.Status, response.BytesSent, time.GetElapsedTime(started)), trail.IsDurable, CancellationToken.None);
        }
        catch (AuditUnavailableException exception)
        {
            AuditedEndpointLog.AuditUnavailable(logger, exception, trail.Id);
            if (options.AuditRequired && refusal is not { Reason: RefusalReason.AuditUnavailable })
            {
                refusal = Withdraw(context, trail, response);
            }
        }

        if (response.IsAborted)
        {
            return;
        }

        try
        {
            await response.FlushAsync(context.RequestAborted);
            if (refusal is not null)
            {
                await AfterRefusalAsync(context, trail);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client left before it heard the end; the record stands.
        }
    }

    // No record, no answer: where nothing of it can have left, the client hears why.
    private Refusal Withdraw(HttpContext context, TTrail trail, GitResponse response)
    {
        var refusal = RefusalTexts.AuditUnavailable();
        if (response.HasStarted)
        {
            response.Abort();
        }
        else if (!response.IsAborted)
        {
            response.Withdraw();
            Refuse(refusal, context, trail, response);
        }

        return refusal;
    }
}

/// <summary>What every audited endpoint says in the program's log.</summary>
internal static partial class AuditedEndpointLog
{
    [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
    public static partial void Failed(ILogger logger, Exception exception, string requestId);

    [LoggerMessage(2, LogLevel.Critical, "The audit log can't be written; request {RequestId} gets no access if the audit is required.")]
    public static partial void AuditUnavailable(ILogger logger, Exception exception, string requestId);
}
