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
/// <item>audit: exactly one record, before the answer is final: that is the frame's, <see cref="AuditedEndpoint{TTrail}"/>.</item>
/// </list>
/// Every step gives a value or a <see cref="Refusal"/>. An exception is a bug, a lost peer or a failing disk, and never an access.
/// </summary>
internal sealed class GitPipeline(
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
    : AuditedEndpoint<GitTrail>(options, limiter, audit, time, logger)
{
    private readonly TimeProvider _time = time;

    /// <inheritdoc/>
    protected override GitTrail Begin(string id, DateTimeOffset time) => new(id, time);

    /// <inheritdoc/>
    protected override async ValueTask<Answer> ServeAsync(HttpContext context, GitTrail trail, GitResponse response)
    {
        // 1. parse
        var (request, malformed) = GitRequestParser.Parse(context, trail.Id);
        if (request is null)
        {
            return malformed!;
        }

        trail.Request = request;

        // 2. authenticate
        var authentication = await authenticator.AuthenticateAsync(context, request.Route, context.RequestAborted);
        if (!Admit(authentication, trail, out var token, out var caller, out var refusal))
        {
            return refusal;
        }

        // A discovery is over too soon to be worth a watch.
        using var watch = request.Route.Operation == GitOperation.Discover ? null : new RevocationWatch(revocations, token, trail, context.RequestAborted);
        var policy = policies.Current;
        var authenticated = new AuthenticatedGitRequest(
            request, caller, effectivePermissions.Of(token, policy), policy, effectivePermissions.CeilingOf(token), watch?.Ended ?? context.RequestAborted)
        {
            Transfer = authentication.Transfer,
        };

        // 3. authorize
        var (authorized, forbidden) = await repositoryAuthorizer.AuthorizeAsync(authenticated);
        if (authorized is null)
        {
            return forbidden!;
        }

        // 4. serve
        using var served = authorized;
        var outcome = await server.ServeAsync(authorized, token, trail, response);
        trail.Outcome = outcome.Outcome;
        trail.Code = outcome.Code;
        trail.References = outcome.References;
        return new Answer(ReferenceEquals(outcome, BackendOutcome.Missing) ? RefusalTexts.RepositoryNotFound(authenticated) : outcome.Refusal, outcome.Finish);
    }

    /// <inheritdoc/>
    protected override void Refuse(Refusal refusal, HttpContext context, GitTrail trail, GitResponse response)
    {
        var isLfs = trail.Request?.Route.Operation.IsLfs() == true;
        RefusalWriter.Write(isLfs ? refusal with { IsLfs = true } : refusal, context, response, trail.Id);
    }

    /// <inheritdoc/>
    protected override Task AfterRefusalAsync(HttpContext context, GitTrail trail)
    {
        if (trail.Request is not { Route.Operation: GitOperation.Push or GitOperation.LfsUpload } request)
        {
            return Task.CompletedTask;
        }

        request.Body.Release();
        return RequestDrain.DrainAsync(context, _time);
    }

    /// <inheritdoc/>
    protected override ValueTask EndAsync(GitTrail trail) => trail.Request is { } request ? request.Body.DisposeAsync() : default;
}
