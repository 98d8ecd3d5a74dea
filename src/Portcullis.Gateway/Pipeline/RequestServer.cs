using Portcullis.Audit;
using Portcullis.Gateway.Auditing;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Lfs;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.PktLines;
using Portcullis.Git.ReceivePack;
using Portcullis.Git.SmartHttp;
using Portcullis.Tokens;

namespace Portcullis.Gateway.Pipeline;

/// <summary>Step 4: hands a request to the backend; a push only after the second look of step 3, at its refs.</summary>
internal sealed class RequestServer(IGitBackend backend, RepositoryAuthorizer authorizer, LfsServer lfs, AuditLog audit, GatewayOptions options)
{
    private const int MaxListingBytes = 4 << 20;

    private static readonly byte[] ListRefsCommand = "command=ls-refs"u8.ToArray();

    /// <summary>Serves a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="token">The token that it was authenticated by. No backend sees it.</param>
    /// <param name="trail">What its record will say.</param>
    /// <param name="response">The answer.</param>
    public async ValueTask<BackendOutcome> ServeAsync(AuthorizedGitRequest request, ValidatedToken token, GitTrail trail, GitResponse response)
    {
        // A discovery asks whether the name is still the right one; what follows it under the old name is meant for the new one.
        var operation = request.Request.Route.Operation;
        if (operation != GitOperation.Discover && !operation.IsLfsTransfer() && backend.RenamedTo(request.Repository) is { } known && request.AskedOf(known) is { } renamed)
        {
            return await ServeRenamedAsync(renamed, token, trail, response);
        }

        var outcome = await ServeNamedAsync(request, token, trail, response);
        return outcome.RenamedTo is { } found && operation == GitOperation.Discover && request.AskedOf(found) is { } moved
            ? await ServeRenamedAsync(moved, token, trail, response)
            : outcome;
    }

    // Everything is decided anew, by the permissions and rules for the new name, and recorded under it.
    private async Task<BackendOutcome> ServeRenamedAsync(AuthenticatedGitRequest renamed, ValidatedToken token, GitTrail trail, GitResponse response)
    {
        trail.Request = renamed.Request;
        var (authorized, refusal) = await authorizer.AuthorizeAsync(renamed);
        using (authorized)
        {
            return authorized is null ? BackendOutcome.Refused(refusal!) : await ServeNamedAsync(authorized, token, trail, response);
        }
    }

    private async ValueTask<BackendOutcome> ServeNamedAsync(AuthorizedGitRequest request, ValidatedToken token, GitTrail trail, GitResponse response)
    {
        if (request.Request.Route.Operation.IsLfs())
        {
            return await lfs.ServeAsync(request, token, trail, response);
        }

        try
        {
            return (request.Request.Route.Operation, request.Request.Route.Service) switch
            {
                (GitOperation.Discover, _) => await backend.AdvertiseAsync(request, response),
                (GitOperation.Push, _) => await PushAsync(request, response),
                _ => await FetchAsync(request, trail, response),
            };
        }
        catch (PktLineException exception)
        {
            return BackendOutcome.Refused(RefusalTexts.ProtocolError(exception.Message));
        }
        catch (InvalidDataException)
        {
            return BackendOutcome.Refused(RefusalTexts.ProtocolError("its compressed body can't be inflated."));
        }
    }

    private async Task<BackendOutcome> FetchAsync(AuthorizedGitRequest request, GitTrail trail, GitResponse response)
    {
        if (request.Request.Protocol == GitProtocolVersion.V2
            && await CommandPeek.IsAsync(request.Request.Body.Reader, ListRefsCommand, request.Ended))
        {
            trail.Operation = "discover";
            if (await BodyReader.ReadAsync(request.Request.Body.Reader, MaxListingBytes, request.Ended) is not { } body)
            {
                return BackendOutcome.Refused(RefusalTexts.TooLarge($"A request for refs may hold {MaxListingBytes >> 20} MiB at most."));
            }

            return await backend.ListRefsAsync(request, LsRefsRequest.Parse(CommandRequest.Parse(body)), response);
        }

        return await backend.FetchAsync(request, response);
    }

    private async Task<BackendOutcome> PushAsync(AuthorizedGitRequest request, GitResponse response)
    {
        // Git probes with a lone flush before a large push, to be asked for its credential before the pack is on its way.
        if (await CommandPeek.IsEmptyAsync(request.Request.Body.Reader, request.Ended))
        {
            response.Start(GitService.ReceivePack.ResultContentType());
            return BackendOutcome.Served;
        }

        var limits = ReceivePackLimits.Default with { MaxCommands = options.MaxRefCommands };
        var push = await ReceivePackRequest.ReadAsync(new PktLineStream(request.Request.Body.Reader), limits, request.Ended);
        if (options.AuditRequired)
        {
            // Room for a line that names them all, before any of them can move.
            await audit.EnsureWritableAsync(push.Commands.Length, request.Ended);
        }

        var (authorized, refusal) = PushAuthorizer.Authorize(request, push);
        return authorized is null ? BackendOutcome.Refused(refusal!) : await backend.PushAsync(authorized, response);
    }
}
