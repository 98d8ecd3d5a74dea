using System.Text.Json;
using Portcullis.Access;
using Portcullis.Audit;
using Portcullis.Gateway.Auditing;
using Portcullis.Gateway.Authentication;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;
using Portcullis.Git.Names;
using Portcullis.Tokens;

namespace Portcullis.Gateway.Lfs;

/// <summary>
/// Answers a batch (git-lfs, docs/api/batch.md): for each object its address and a credential that opens it, or why there is none. Here the second look of step 3
/// is taken: the body says which way the objects go, and for which ref.
/// </summary>
internal sealed class BatchHandler(ILfsBackend backend, TransferCredentials credentials, GatewayOptions options)
{
    /// <summary>Handles a request.</summary>
    public async Task<BackendOutcome> HandleAsync(AuthorizedGitRequest request, ValidatedToken token, GitTrail trail, GitResponse response)
    {
        var batch = LfsBatchRequest.Parse((await LfsBody.ReadAsync(request, LfsBatchRequest.MaxBytes)).Span);
        trail.Operation = batch.Direction == LfsDirection.Upload ? "lfs-batch-upload" : "lfs-batch-download";
        var (scope, change, refusal) = Decide(request, batch);
        if (scope is null)
        {
            return BackendOutcome.Refused(refusal!) with { References = ChangeOf(batch, change, AuditOutcome.Refused, refusal!.Code) };
        }

        var (states, failure) = await backend.FindAsync(request, batch);
        if (states is null)
        {
            return RefusalStatus.IsFailure(failure!.Reason) ? BackendOutcome.Failed(failure) : BackendOutcome.Refused(failure);
        }

        LfsAnswer.Write(response, json => Write(json, request, token, batch, states, scope));
        return BackendOutcome.Served with { References = ChangeOf(batch, change, AuditOutcome.Allowed, null) };
    }

    // What a transfer's credential carries is the one permission that it needs, so that the rules in force when it is used are asked again by the same decision.
    private static (string? Scope, string Change, Refusal? Refusal) Decide(AuthorizedGitRequest request, LfsBatchRequest batch)
    {
        if (batch.Direction == LfsDirection.Download)
        {
            // The ref that the client names proves nothing and is not asked about: the backend proves what this caller may have.
            var pull = request.DecideOnAnyRef(AccessAction.Pull);
            return pull.IsAllowed && request.RepositoryExists
                ? ($"git:{request.Repository}:pull", "pull", null)
                : (null, "pull", RefusalTexts.LfsFetchNotAllowed(request, pull));
        }

        var (action, refusal) = UploadDecision.Decide(request, batch.Reference, "bring Git LFS objects for");
        if (action is not { } allowed)
        {
            return (null, "push", refusal);
        }

        var refs = batch.Reference is { } reference && RefName.TryParse(reference, out var name) ? "@" + RefPattern.For(name) : "";
        var init = request.RepositoryExists ? "" : ",init";
        var word = AccessActionWords.Format(allowed);
        return ($"git:{request.Repository}{refs}:{word}{init}", word, null);
    }

    private static IReadOnlyList<AuditRefChange> ChangeOf(LfsBatchRequest batch, string change, AuditOutcome outcome, string? code) =>
        batch is { Direction: LfsDirection.Upload, Reference: { } reference }
            ? [new AuditRefChange { Name = reference, Change = change, Outcome = outcome, Reason = code }]
            : [];

    private void Write(
        Utf8JsonWriter json, AuthorizedGitRequest request, ValidatedToken token, LfsBatchRequest batch, IReadOnlyList<LfsObjectState> states, string scope)
    {
        json.WriteString("transfer", "basic");
        json.WriteString("hash_algo", "sha256");
        json.WriteStartArray("objects");
        foreach (var state in states)
        {
            json.WriteStartObject();
            json.WriteString("oid", state.Object.Id.ToString());
            json.WriteNumber("size", state.Object.Size);
            if (ErrorOf(batch.Direction, state.Presence) is var (code, message))
            {
                json.WriteStartObject("error");
                json.WriteNumber("code", code);
                json.WriteString("message", message);
                json.WriteEndObject();
            }
            else if (state.PassedActions is { } passed)
            {
                json.WriteBoolean("authenticated", true);
                json.WritePropertyName("actions");
                json.WriteRawValue(passed);
            }
            else if (batch.Direction == LfsDirection.Download || state.Presence == LfsPresence.Absent)
            {
                // So that git-lfs asks nobody for a further credential (docs/api/batch.md).
                json.WriteBoolean("authenticated", true);
                json.WriteStartObject("actions");
                WriteActions(json, request, token, batch.Direction, state.Object, scope);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteActions(Utf8JsonWriter json, AuthorizedGitRequest request, ValidatedToken token, LfsDirection direction, LfsObject transferred, string scope)
    {
        var address = credentials.AddressOf(request.Repository, transferred.Id);
        var credential = credentials.Issue(token, request.Repository, new LfsTransfer(direction, transferred), scope);
        if (direction == LfsDirection.Download)
        {
            WriteAction(json, "download", address, credential);
            return;
        }

        WriteAction(json, "upload", address, credential);
        WriteAction(json, "verify", address + "/verify", credential);
    }

    private void WriteAction(Utf8JsonWriter json, string name, string address, string credential)
    {
        json.WriteStartObject(name);
        json.WriteString("href", address);
        json.WriteStartObject("header");
        json.WriteString(TransferCredentials.Header, credential);
        json.WriteEndObject();
        json.WriteNumber("expires_in", (long)options.LfsTransferLifetime.TotalSeconds);
        json.WriteEndObject();
    }

    // Without a full stop: git-lfs goes on behind it.
    private (int Code, string Message)? ErrorOf(LfsDirection direction, LfsPresence presence) => (direction, presence) switch
    {
        (LfsDirection.Download, LfsPresence.Absent) => (404, "The object is not here, or no ref that you may pull points to it"),
        (_, LfsPresence.OtherSize) => (422, "The object that is here has another size"),
        (_, LfsPresence.TooLarge) => (413, $"An object may have {options.MaxLfsObjectBytes} bytes at most on this server"),
        (_, LfsPresence.NoRoom) => (507, "This server has no room for the object. Its operator must mend that"),
        (_, LfsPresence.Failed) => (502, "The server behind this one refused it"),
        _ => null,
    };
}
